"""Clients of AWS services. They know nothing of features."""
