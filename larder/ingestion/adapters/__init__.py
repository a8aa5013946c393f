"""Rows by the hundred thousand: read as Arrow columns, checked, packed, written in bulk.

Pyarrow and DuckDB are commands' and programs' dependencies; no Lambda function imports this.
"""
