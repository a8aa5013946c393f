"""Queries run by DuckDB, and what changes tables."""
