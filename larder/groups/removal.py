"""Features taken out of use, which SageMaker does not know (amazon-sagemaker-feedback#175).

The tag ``larder:removed:<feature>`` (its value is free: a reason) removes a feature: it is no more
described, writes that name it are refused, reads leave it out. Its place in the schema, its stored
values and its offline column stay, so history is whole, and deleting the tag brings it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from larder.problems import Problem, shown

REMOVED_PREFIX = "larder:removed:"
Tags = tuple[tuple[str, str], ...]


def removed_by(tags: Tags) -> frozenset[str]:
    """Names of the features that tags remove."""
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
