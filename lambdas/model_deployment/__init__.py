"""Updates of endpoints that move traffic, one step a call."""
