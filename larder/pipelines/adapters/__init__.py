"""Feature pipelines on DuckDB."""
