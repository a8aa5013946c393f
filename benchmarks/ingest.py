"""Bulk: rows into an offline table, and from a table of history into Valkey.

Each is measured in a process of its own, so that its greatest memory is its own.
"""
