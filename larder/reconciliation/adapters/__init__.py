"""Reconciliation on DuckDB, and its changes in DynamoDB's form."""
