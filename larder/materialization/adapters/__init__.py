"""Materialization on Iceberg, Arrow and Valkey."""
