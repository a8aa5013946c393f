"""Larder: a feature platform that speaks Amazon SageMaker Feature Store's own API."""
