"""The InMemory tier: network, cache and projector."""
