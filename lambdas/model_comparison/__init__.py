"""The step of a training's run that scores two models on the same rows."""
