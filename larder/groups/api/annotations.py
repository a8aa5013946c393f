"""The control plane's operations on what is written about groups: tags, metadata, Search."""

from __future__ import annotations

from dataclasses import dataclass

from larder.errors import ValidationError
from larder.groups.api.answers import present, searched, seconds, tag_list
from larder.groups.api.requests import tag_pairs
from larder.groups.api.search import read_query
from larder.groups.metadata import DescribedFeature, FeatureCatalog, MetadataChange
from larder.groups.tag import GroupTags
from larder.wire.json_rpc import Answer, Members, Operation


def annotation_operations(catalog: FeatureCatalog) -> dict[str, Operation]:
    """Tags, feature metadata and Search, by SageMaker's names."""
    operations = _AnnotationOperations(catalog, GroupTags(catalog.groups))
    return {
        "DescribeFeatureMetadata": operations.describe,
        "UpdateFeatureMetadata": operations.update,
        "Search": operations.search,
        "AddTags": operations.add_tags,
        "ListTags": operations.list_tags,
        "DeleteTags": operations.delete_tags,
    }


@dataclass(frozen=True, slots=True)
class _AnnotationOperations:
    catalog: FeatureCatalog
    tags: GroupTags

    def describe(self, members: Members) -> Answer:
        feature = self.catalog.describe(members["FeatureGroupName"], members["FeatureName"])
        return _metadata(feature)

    def update(self, members: Members) -> Answer:
        change = MetadataChange(
            description=members.get("Description"),
            additions=tag_pairs(members.get("ParameterAdditions", [])),
            removals=tuple(members.get("ParameterRemovals", ())),
        )
        self.catalog.update(members["FeatureGroupName"], members["FeatureName"], change)
        return None

    def search(self, members: Members) -> Answer:
        query = read_query(dict(members))
        if query.resource == "FeatureGroup":
            groups = self.catalog.groups.list()
            page = query.page(searched(group) for group in groups)
        else:
            page = query.page(_metadata(feature) for feature in self.catalog.list())
        return present(
            {
                "Results": [{query.resource: record} for record in page.entries],
                "NextToken": page.next_token,
                "TotalHits": {"Value": page.total, "Relation": "EqualTo"},
            }
        )

    def add_tags(self, members: Members) -> Answer:
        return {"Tags": tag_list(self.tags.add(members["ResourceArn"], tag_pairs(members["Tags"])))}

    def list_tags(self, members: Members) -> Answer:
        """All at once: a group has fewer tags than the smallest page."""
        if "NextToken" in members:
            raise ValidationError(
                "NextToken is not one that ListTags gave: it answers all tags at once."
            )
        return {"Tags": tag_list(self.tags.of(members["ResourceArn"]))}

    def delete_tags(self, members: Members) -> Answer:
        self.tags.remove(members["ResourceArn"], members["TagKeys"])
        return {}


def _metadata(feature: DescribedFeature) -> dict[str, object]:
    group, definition, metadata = feature.group, feature.definition, feature.metadata
    return present(
        {
            "FeatureGroupArn": group.arn,
            "FeatureGroupName": group.name,
            "FeatureName": definition.name,
            "FeatureType": definition.type.value,
            "CreationTime": seconds(feature.creation_time),
            "LastModifiedTime": seconds(feature.last_modified_time),
            "Description": metadata.description,
            "Parameters": tag_list(metadata.parameters),
        }
    )
