"""The steps of transform jobs: plan, score, join, close."""
