"""Tags of models, endpoint configurations and endpoints, and what those of ``larder:`` mean.

Grants are written as on feature groups (``larder.groups.reserved_tags``): read is the right to
invoke an endpoint or to serve a model, admin the right to change and delete. The tag
``larder:salt`` of an endpoint is the salt of its experiment: a new one assigns all units again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from larder.groups.group_rules import tag_problems
from larder.groups.reserved_tags import REMOVED_PREFIX
from larder.models.registry_items import SALT, Kind, Tags
from larder.problems import Problem, shown

MAX_TAGS: Final = 50


def item_tag_problems(kind: Kind, tags: Tags) -> Iterator[Problem]:
    """What is wrong with tags that are given together."""
    salted = kind is Kind.ENDPOINT
    for place, (key, _) in enumerate(tags):
        if key.startswith(REMOVED_PREFIX):
            text = "Member must not remove a feature: a tag of its feature group does"
            yield Problem(("Tags", place, "Key"), text, shown(key))
    yield from tag_problems(tuple(tag for tag in tags if not (salted and tag[0] == SALT)))
