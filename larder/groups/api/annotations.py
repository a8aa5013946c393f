"""The control plane's operations on what is written about groups: tags, metadata, Search."""

from __future__ import annotations

from dataclasses import dataclass, replace

from larder.errors import ValidationError
from larder.groups.api.answers import present, searched, seconds, tag_list
from larder.groups.api.requests import tag_pairs
from larder.groups.api.search import Query, read_query, search_answer
from larder.groups.api.search_values import GROUP, Record
from larder.groups.feature_listing import FeatureListing, FeatureOrder
from larder.groups.listing import GroupOrder, Page
from larder.groups.metadata import DescribedFeature, FeatureCatalog, MetadataChange
from larder.groups.tag import GroupTags
from larder.wire.json_rpc import Answer, Members, Operation

_GROUP_ORDERS = {
    "FeatureGroupName": GroupOrder.NAME,
    "CreationTime": GroupOrder.CREATED,
    "LastModifiedTime": GroupOrder.MODIFIED,
    "FeatureGroupStatus": GroupOrder.STATUS,
    "OfflineStoreStatus.Status": GroupOrder.OFFLINE_STATUS,
}
_FEATURE_ORDERS = {
    "FeatureGroupName": FeatureOrder.GROUP_NAME,
    "CreationTime": FeatureOrder.CREATED,
    "LastModifiedTime": FeatureOrder.MODIFIED,
}


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
        page = self._groups(query) if query.resource is GROUP else self._features(query)
        return search_answer(page, lambda record: {query.resource.name: record})

    def _groups(self, query: Query) -> Page[Record]:
        groups, by = self.catalog.groups, _GROUP_ORDERS.get(query.sort_by)
        if by is None:
            return query.page(searched(group) for group in groups.list())
        ask = query.ask
        if query.finds_all and ask.token is None:
            ask = replace(ask, known=groups.total())
        page = groups.page(
            by,
            ask,
            lambda group: query.admits(lambda: searched(group)),
            named=query.named,
        )
        return Page([searched(group) for group in page.entries], page.next_token, page.total)

    def _features(self, query: Query) -> Page[Record]:
        by = _FEATURE_ORDERS.get(query.sort_by)
        if by is None:
            return query.page(_metadata(feature) for feature in self.catalog.list())
        page = FeatureListing(self.catalog).page(
            by, query.ask, lambda each: query.admits(lambda: _metadata(each)), named=query.named
        )
        return Page([_metadata(each) for each in page.entries], page.next_token, page.total)

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
