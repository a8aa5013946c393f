"""The function that takes in models."""
