"""Monitoring on S3, SNS and DuckDB."""
