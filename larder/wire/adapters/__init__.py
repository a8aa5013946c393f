"""HTTP forwarding to Amazon SageMaker."""
