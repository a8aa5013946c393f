"""Seeds of random histories: the first few in every run of the suite, all of them in ``make soak``."""

import pytest


def seeds(count, every_run):
    """Values for ``pytest.mark.parametrize``: ``count`` seeds, of which some are for the soak."""
    return [
        pytest.param(each, marks=[] if each < every_run else [pytest.mark.soak])
        for each in range(count)
    ]
