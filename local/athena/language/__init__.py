"""Athena's SQL: read, checked and translated to DuckDB's."""
