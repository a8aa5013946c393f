"""Runs of pipelines: a ledger of intervals, what of it is due, and who computes it."""
