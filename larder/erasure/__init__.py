"""Erasure: one record identifier out of every store."""
