"""Offline tables of the format Glue: Parquet files in hourly folders."""
