"""Texts of times without a zone, which name no instant until their zone is said."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from larder.errors import ValidationError

Array = Any  # pyarrow is untyped
_LOCAL = re.compile(r"^\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)?$", re.ASCII)


def zone_of(name: str) -> ZoneInfo:
    """The time zone of a name.

    Raises:
        ValidationError: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValidationError(
            f"--time-zone: there is no time zone {name[:60]!r}: write for example UTC or "
            "Europe/Berlin"
        ) from error


def is_local(text: str) -> bool:
    """Whether a text is a date or a time without a zone."""
    return _LOCAL.match(text) is not None


def in_zone(texts: Array, zone: str) -> Array:
    """Texts of local times of a zone as ISO-8601 texts in UTC.

    Other texts stay as they are, and so do local times that the zone has twice or never: which
    instants they mean is not known.
    """
    local = pc.fill_null(pc.match_substring_regex(texts, _LOCAL.pattern), False)
    if not pc.any(local).as_py():
        return texts
    known = zone_of(zone)
    found = [_utc(each, known) for each in texts.filter(local).to_pylist()]
    return pc.replace_with_mask(texts, local, pa.array(found, texts.type))


def _utc(text: str, zone: ZoneInfo) -> str:
    whole, dot, fraction = text.partition(".")
    try:
        moment = datetime.fromisoformat(whole).replace(tzinfo=zone)
        if moment.utcoffset() != moment.replace(fold=1).utcoffset():
            return text
        utc = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return text
    return f"{utc.isoformat()[:19]}{dot}{fraction}Z"
