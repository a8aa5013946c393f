"""Frames and files as Arrow columns, for labels, bulk rows and predictions alike."""
