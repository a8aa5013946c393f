"""The step of a pipeline run that writes both stores."""
