"""A bulk run outlasts a store that is silent for a moment; what will not pass is raised at once."""

import pytest

from larder.errors import (
    AccessForbidden,
    LarderError,
    ResourceNotFound,
    ServiceUnavailable,
    ThrottlingException,
    ValidationError,
)
from larder.ingestion.group_lookup import patiently
from tests.support.offline import offline_group

GROUP = offline_group()


class Failing:
    """Settings that fail so many times."""

    def __init__(self, error, times):
        self.error, self.times, self.asked = error, times, 0

    def get(self, name):
        assert name == GROUP.name
        self.asked += 1
        if self.asked <= self.times:
            raise self.error
        return GROUP


@pytest.mark.parametrize("error", [ServiceUnavailable, ThrottlingException])
def test_a_store_that_is_silent_for_a_moment_is_asked_again(error):
    groups = Failing(error("not now"), times=2)
    assert patiently(groups, GROUP.name) is GROUP
    assert groups.asked == 3


@pytest.mark.parametrize(
    "error", [ResourceNotFound, ValidationError, AccessForbidden], ids=lambda each: each.__name__
)
def test_what_another_try_would_not_change_is_raised_at_once(error):
    groups = Failing(error("so it is"), times=1)
    with pytest.raises(LarderError, match="so it is"):
        patiently(groups, GROUP.name)
    assert groups.asked == 1
