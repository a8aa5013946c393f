"""Predictions over DuckDB, DynamoDB, S3 and JSON."""
