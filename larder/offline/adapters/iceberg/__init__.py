"""Offline tables of the format Iceberg."""
