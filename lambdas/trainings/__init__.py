"""The steps of a training's run, but for the training itself and the comparison."""
