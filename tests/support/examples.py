"""How many examples a property is tried on: a share of what the profile of Hypothesis says."""

from hypothesis import settings


def examples(share, **more):
    """Settings for a test whose examples cost more than most, or less.

    A number of its own would stay as it is when ``make soak`` asks for many.
    """
    return settings(max_examples=max(1, round(settings.default.max_examples * share)), **more)
