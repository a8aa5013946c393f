"""SageMaker's shapes on the wire, translated to and from the core's values."""
