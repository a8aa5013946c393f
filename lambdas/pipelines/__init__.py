"""The steps of a pipeline run that read events and keep the ledger."""
