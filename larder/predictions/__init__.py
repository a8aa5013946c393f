"""Predictions as code: a model scored over a feature group by schedule, published as a group."""
