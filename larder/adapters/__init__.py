"""Adapters: one module per technology behind a port of the core."""
