"""The SQL of feature pipelines: text in, text out."""
