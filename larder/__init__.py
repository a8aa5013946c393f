"""Larder: a feature platform that speaks Amazon SageMaker Feature Store's own API."""

__version__ = "0.1.0"
