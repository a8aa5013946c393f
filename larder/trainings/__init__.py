"""Continuous training: a training set, a model, a comparison with the champion, a decision."""
