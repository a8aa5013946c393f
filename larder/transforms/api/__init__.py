"""Transform jobs in the words of SageMaker's API."""
