"""Feature pipelines: features that are aggregations of events, computed by SQL."""
