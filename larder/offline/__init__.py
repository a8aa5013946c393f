"""The offline store: history rows, their tables, upkeep and watermark."""
