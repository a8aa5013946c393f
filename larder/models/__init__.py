"""Models served with the store's features: registry, endpoints, InvokeEndpoint, variants."""
