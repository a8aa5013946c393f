"""Stores in this process that keep the promises of the ports, for tests."""
