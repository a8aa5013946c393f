"""Runs of monitoring over the exposures of endpoints."""
