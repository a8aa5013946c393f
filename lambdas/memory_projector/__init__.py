"""The function that repairs the in-memory tier from the records table's stream."""
