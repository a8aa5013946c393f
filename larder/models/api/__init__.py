"""Models and endpoints in the words of SageMaker's control and runtime APIs."""
