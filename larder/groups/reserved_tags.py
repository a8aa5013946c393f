"""Tags of the reserved prefix ``larder:``, for what SageMaker's API has no member for.

Grants: ``larder:read:<label>`` (or ``write``, ``admin``) grants to the pattern in its value. The
label is free and tells the tags of one right apart. SageMaker's tags can't hold ``*`` or ``,``, so
a value is written as in quoted-printable text (RFC 2045, 6.7): ``=2A`` for ``*``, ``=2C`` for ``,``
and ``=3D`` for ``=``.

Removed features: ``larder:removed:<feature>`` takes a feature out of use (SageMaker can't:
amazon-sagemaker-feedback#175). Its value is free: a reason. The feature is no longer described,
writes that name it are refused, and reads leave it out. Its place in the schema, its stored values
and its offline column stay, so history is whole. Deleting the tag brings the feature back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from larder.access.grants import Grants, Right, pattern_problem
from larder.problems import Problem, shown

PREFIX = "larder:"
REMOVED_PREFIX = "larder:removed:"
Tags = tuple[tuple[str, str], ...]
_KEY = re.compile(r"larder:(read|write|admin):.+", re.DOTALL)
_ESCAPE = re.compile(r"=([0-9A-F]{2})?")
_ESCAPED = re.compile(r"[*,=]")
_GRANTED = (Right.READ, Right.WRITE, Right.ADMIN)


def granted_by(tags: Tags) -> Grants:
    """What tags, which are without problems, grant."""
    patterns: dict[str, list[str]] = {right.value: [] for right in _GRANTED}
    for key, value in tags:
        match = _KEY.fullmatch(key)
        if match is not None:
            patterns[match[1]].append(_decoded(value))
    return Grants(*(tuple(patterns[right.value]) for right in _GRANTED))


def is_grant(key: str) -> bool:
    """Whether a tag of this key grants a right."""
    return _KEY.fullmatch(key) is not None


def without_grants(tags: Tags) -> Tags:
    """The tags that grant nothing."""
    return tuple(tag for tag in tags if not is_grant(tag[0]))


def as_tags(grants: Grants) -> Tags:
    """Tags that grant the same, labelled ``file-1``, ``file-2`` and so on."""
    return tuple(
        (f"{PREFIX}{right}:file-{place}", _ESCAPED.sub(_escape, pattern))
        for right, patterns in zip(_GRANTED, (grants.read, grants.write, grants.admin), strict=True)
        for place, pattern in enumerate(patterns, start=1)
    )


def grant_tag_problems(place: int, key: str, value: str) -> Iterator[Problem]:
    """What is wrong with a tag for grants; nothing is with any other tag."""
    if not key.lower().startswith(PREFIX) or key.startswith(REMOVED_PREFIX):
        return
    if _KEY.fullmatch(key) is None:
        text = (
            f"Member must not begin with {PREFIX}, but for grants (larder:read:<label>, "
            "larder:write:<label>, larder:admin:<label>) and larder:removed:<feature>"
        )
        yield Problem(("Tags", place, "Key"), text, shown(key))
        return
    text = _spelling_problem(value) or pattern_problem(_decoded(value)) or ""
    if text:
        text = f"{text}. In a tag * is written =2A, a comma =2C and an equals sign =3D"
        yield Problem(("Tags", place, "Value"), text, shown(value))


def removed_by(tags: Tags) -> frozenset[str]:
    """Names of the features that tags take out of use."""
    return frozenset(
        key.removeprefix(REMOVED_PREFIX) for key, _ in tags if key.startswith(REMOVED_PREFIX)
    )


def removal_problems(
    tags: Tags, features: Sequence[str], required: Sequence[str]
) -> Iterator[Problem]:
    """What is wrong with removals: ``features`` are the group's, ``required`` must stay."""
    for place, (key, _) in enumerate(tags):
        name = key.removeprefix(REMOVED_PREFIX)
        if name == key:
            continue
        if name not in features:
            text = "Member must name a feature of the group after larder:removed:"
            yield Problem(("Tags", place, "Key"), text, shown(key))
        elif name in required:
            text = "Member must not remove the record identifier or the event time"
            yield Problem(("Tags", place, "Key"), text, shown(key))


def _spelling_problem(value: str) -> str | None:
    if all(match[1] for match in _ESCAPE.finditer(value)):
        return None
    return "Member must have two hexadecimal digits, in capitals, after each ="


def _decoded(value: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), value)


def _escape(match: re.Match[str]) -> str:
    return f"={ord(match[0]):02X}"
