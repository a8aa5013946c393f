"""Feature metadata in the registry table, beside the identity of the group it belongs to.

Items: key ``U#<uid>`` / ``f#<feature>``; ``doc`` and ``revision``; ``kind`` and ``name`` put them
into the index under a kind of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from larder.aws.dynamodb.errors import translated_errors
from larder.errors import ResourceInUse
from larder.groups.metadata import FeatureMetadata

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_INDEX = "groups"
_KIND = "feature"


class DynamoFeatureMetadata:
    """See the port; raises ``ThrottlingException`` and ``ServiceUnavailable`` beside."""

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._table = table_name

    def get(self, uid: str, feature: str) -> FeatureMetadata | None:
        """See the port."""
        with translated_errors():
            answer = self._client.get_item(
                TableName=self._table, Key=_key(uid, feature), ConsistentRead=True
            )
        return _from_item(answer["Item"]) if "Item" in answer else None

    def replace(self, metadata: FeatureMetadata) -> None:
        """See the port."""
        item = _to_item(metadata)
        try:
            with translated_errors():
                self._client.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression="revision = :before OR doc = :doc OR "
                    "(attribute_not_exists(pk) AND :before = :none)",
                    ExpressionAttributeValues={
                        ":before": {"N": str(metadata.revision - 1)},
                        ":doc": item["doc"],  # stored by an earlier try whose answer was lost
                        ":none": {"N": "0"},
                    },
                )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise ResourceInUse(
                f"The metadata of feature {metadata.feature} were changed by somebody else "
                "meanwhile; try again."
            ) from error

    def list(self) -> Iterator[FeatureMetadata]:
        """See the port."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=_INDEX,
            KeyConditionExpression="kind = :kind",
            ExpressionAttributeValues={":kind": {"S": _KIND}},
        )
        with translated_errors():
            for page in pages:
                yield from (_from_item(item) for item in page["Items"])


def _key(uid: str, feature: str) -> dict[str, Any]:
    return {"pk": {"S": f"U#{uid}"}, "sk": {"S": f"f#{feature}"}}


def _to_item(metadata: FeatureMetadata) -> dict[str, Any]:
    document = {
        "uid": metadata.uid,
        "feature": metadata.feature,
        "description": metadata.description,
        "parameters": [list(pair) for pair in metadata.parameters],
        "modified": metadata.modified,
        "revision": metadata.revision,
    }
    return {
        **_key(metadata.uid, metadata.feature),
        "kind": {"S": _KIND},
        "name": {"S": f"{metadata.uid}/{metadata.feature}"},
        "revision": {"N": str(metadata.revision)},
        "doc": {"S": orjson.dumps(document).decode()},
    }


def _from_item(item: Mapping[str, Any]) -> FeatureMetadata:
    document = orjson.loads(item["doc"]["S"])
    parameters = tuple((key, value) for key, value in document.pop("parameters"))
    return FeatureMetadata(**document, parameters=parameters)
