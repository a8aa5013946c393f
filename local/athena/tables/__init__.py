"""Tables of the Glue catalog, as files and snapshots."""
