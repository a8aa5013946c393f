"""Training sets on Athena, DuckDB, Glue and S3."""
