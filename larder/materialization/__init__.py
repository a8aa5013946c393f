"""Materialization: the newest record versions of the history into the online store."""
