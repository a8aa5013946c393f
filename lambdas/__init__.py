"""Lambda functions: one folder each, ``handler.py`` wires and its neighbour translates."""
