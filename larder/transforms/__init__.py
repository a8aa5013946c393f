"""Batch transform jobs: whole folders of records scored by a model, as SageMaker has them."""
