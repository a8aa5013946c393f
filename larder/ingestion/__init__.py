"""Ingestion: rows in bulk into both stores."""
