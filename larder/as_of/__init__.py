"""Generators of Athena SQL. Pure text: nothing here runs a query."""
