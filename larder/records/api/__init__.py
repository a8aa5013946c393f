"""Record operations in the words of SageMaker's runtime API."""
