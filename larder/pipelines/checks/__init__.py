"""What the rows of a run must be like to be published, measured and judged."""
