"""The InMemory tier: Valkey in front of the online store."""
