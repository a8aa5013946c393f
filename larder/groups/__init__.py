"""Feature groups: their rules, their registry and the operations on them."""
