"""SageMaker's words for invoking an endpoint."""
