"""The step of a prediction's run that scores one shard."""
