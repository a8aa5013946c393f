"""Models that are watched: baselines, drift, skew, quality by labels, freshness, alerts."""
