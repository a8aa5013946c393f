"""Scripts of Glue jobs. Each is one file that Glue is given, and imports nothing of Larder."""
