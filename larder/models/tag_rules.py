"""Tags of models, endpoints and groups of packages, and what those of ``larder:`` mean.

Grants are written as on feature groups (``larder.groups.reserved_tags``): read is the right to
invoke an endpoint or to serve a model, admin the right to change and delete. The tag
``larder:salt`` of an endpoint is the salt of its experiment: a new one assigns all units again.
The tag ``larder:alias:champion`` of a group of model packages is the version that is its champion.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from larder.groups.group_rules import tag_problems
from larder.groups.reserved_tags import REMOVED_PREFIX
from larder.models.package_items import ALIAS, ALIAS_NAME, Alias
from larder.models.registry_items import SALT, Kind, Tags
from larder.problems import Problem, shown

MAX_TAGS: Final = 50


def item_tag_problems(kind: Kind, tags: Tags) -> Iterator[Problem]:
    """What is wrong with tags that are given together."""
    for place, (key, value) in enumerate(tags):
        if key.startswith(REMOVED_PREFIX):
            text = "Member must not remove a feature: a tag of its feature group does"
            yield Problem(("Tags", place, "Key"), text, shown(key))
        elif kind is Kind.PACKAGE_GROUP and key.startswith(ALIAS):
            yield from _alias_problems(place, key, value)
    yield from tag_problems(tuple(tag for tag in tags if not _is_own(kind, tag[0])))


def _is_own(kind: Kind, key: str) -> bool:
    aliased = kind is Kind.PACKAGE_GROUP and key.startswith(ALIAS)
    return aliased or (kind is Kind.ENDPOINT and key == SALT)


def _alias_problems(place: int, key: str, value: str) -> Iterator[Problem]:
    if ALIAS_NAME.fullmatch(key.removeprefix(ALIAS)) is None:
        text = f"Member must be {ALIAS} and a name of letters, digits and hyphens"
        yield Problem(("Tags", place, "Key"), text, shown(key))
    if Alias.parse(value) is None:
        text = (
            "Member must be a version, as in '5', '5: why', '5 from 3: why' or '1 from none'; "
            "from is what the alias must be before"
        )
        yield Problem(("Tags", place, "Value"), text, shown(value))
