"""Feature group operations in the words of SageMaker's control API."""
