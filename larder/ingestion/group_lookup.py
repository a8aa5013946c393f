"""The group that work in bulk is about, looked up as patiently as its records are written."""

from __future__ import annotations

import time
from typing import Final

from larder.backoff import Backoff
from larder.errors import ServiceUnavailable, ThrottlingException
from larder.groups.feature_group import FeatureGroup
from larder.groups.settings_cache import GroupSettings

_PATIENT_SECONDS: Final = 60.0


def patiently(groups: GroupSettings, name: str) -> FeatureGroup:
    """The group of a name or ARN; a store that does not answer is asked again for a minute.

    A record's client gets the error at once. A bulk run would be lost for a second of silence.

    Raises:
        ResourceNotFound: no group has the name.
        ServiceUnavailable, ThrottlingException: the store refused for a minute.
    """
    until = time.monotonic() + _PATIENT_SECONDS
    return Backoff().call(
        lambda: groups.get(name),
        after=(ServiceUnavailable, ThrottlingException),
        remaining=lambda: until - time.monotonic(),
    )
