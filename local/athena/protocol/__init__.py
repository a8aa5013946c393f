"""Athena's API over HTTP: requests, workgroups, query executions."""
