"""Definitions applied by CloudFormation."""
