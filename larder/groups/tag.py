"""Tags of feature groups. They are labels only: changing them is no change of the group."""

from __future__ import annotations

from dataclasses import dataclass, replace

from larder.errors import ResourceLimitExceeded, ValidationError
from larder.groups.feature_group import FeatureGroup
from larder.groups.group_rules import MAX_TAGS, tag_problems
from larder.groups.manage import FeatureGroups
from larder.groups.readers import refuse_read
from larder.groups.reserved_tags import removal_problems, removed_by
from larder.problems import refuse

Tags = tuple[tuple[str, str], ...]
_KIND = ":feature-group/"


@dataclass(frozen=True, slots=True)
class GroupTags:
    """The tags of feature groups, by ARN.

    Every method raises ``ResourceNotFound`` where there is no such group. It raises
    ``ValidationError`` where the ARN is of something else or of elsewhere.
    """

    groups: FeatureGroups

    def of(self, arn: str) -> Tags:
        """All tags, in the order they were first added."""
        return self.groups.get(_group_arn(arn)).tags

    def add(self, arn: str, tags: Tags) -> Tags:
        """Add tags, over those of the same key, and return all.

        Raises:
            ValidationError: the tags contradict themselves.
            ResourceLimitExceeded: there would be more than 50.
            ResourceInUse: a model that an endpoint serves reads a feature that they remove.
        """
        refuse(tag_problems(tags))

        def add(group: FeatureGroup) -> FeatureGroup:
            changed = {**dict(group.tags), **dict(tags)}
            if len(changed) > MAX_TAGS:
                raise ResourceLimitExceeded(
                    f"FeatureGroup {group.name} would have {len(changed)} tags: {MAX_TAGS} are "
                    "allowed. Delete some by DeleteTags."
                )
            required = (group.record_identifier_name, group.event_time_name)
            refuse(removal_problems(tags, group.feature_names, required))
            gone = removed_by(tags) - group.removed
            if gone:
                refuse_read(self.groups.readers, group, "removed", gone)
            return _tagged(group, tuple(changed.items()))

        return self.groups.change(_group_arn(arn), add).tags

    def remove(self, arn: str, keys: list[str]) -> None:
        """Remove the tags of these keys; keys that are not there change nothing."""

        def remove(group: FeatureGroup) -> FeatureGroup:
            return _tagged(group, tuple(tag for tag in group.tags if tag[0] not in keys))

        self.groups.change(_group_arn(arn), remove)


def _tagged(group: FeatureGroup, tags: Tags) -> FeatureGroup:
    return group if tags == group.tags else replace(group, tags=tags)


def _group_arn(arn: str) -> str:
    if _KIND not in arn:
        raise ValidationError(
            f"Value {arn[:160]!r} at 'resourceArn' is not the ARN of a feature group, a model, an "
            f"endpoint configuration or an endpoint: this endpoint tags nothing else. "
            f"DescribeFeatureGroup gives a group's as FeatureGroupArn."
        )
    return arn
