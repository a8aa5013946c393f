"""The steps of a prediction's run that keep the ledger, and guard what is published."""
