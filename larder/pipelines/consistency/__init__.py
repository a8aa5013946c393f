"""Whether a pipeline's stores, its history and its source agree."""
