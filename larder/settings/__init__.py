"""Environment variables of each Lambda function, typed: one module per function."""
