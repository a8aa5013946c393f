"""Feature groups as code: definition files and their deployment."""
