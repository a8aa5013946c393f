"""Training sets: labels in, exactly one row per label out."""
