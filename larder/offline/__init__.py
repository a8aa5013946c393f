"""The offline store: history rows, their tables, maintenance and watermark."""
