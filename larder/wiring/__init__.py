"""Composition roots: one module per object graph."""
