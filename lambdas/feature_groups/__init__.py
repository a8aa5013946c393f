"""The custom resource that applies feature groups as code."""
