"""Constructs the stacks are made of."""
