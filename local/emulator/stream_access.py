"""IAM on DynamoDB's streams: the stream that a call is about, as AWS checks it.

ministack finds the resource of a DynamoDB call in its table's name, which calls on streams don't
have: they name the stream, or a shard iterator of it. Source: the Service Authorization Reference
of Amazon DynamoDB (DescribeStream, GetShardIterator, GetRecords: resource type ``stream``).
"""

import base64
import binascii
import json
from typing import Any

from ministack.core import iam_actions


def install() -> None:
    """Have calls on streams checked against their stream."""
    extract = iam_actions.extract_resource_arn

    def extract_resource_arn(service: str, *request: Any) -> str:
        _method, _path, _headers, body, *_rest = request
        stream = stream_of(body) if service == "dynamodbstreams" else None
        arn: str = stream or extract(service, *request)
        return arn

    iam_actions.extract_resource_arn = extract_resource_arn


def stream_of(body: bytes) -> str | None:
    """The stream that a request names, by itself or in its iterator; ``None`` if it names none."""
    try:
        request = json.loads(body or b"{}")
        if "ShardIterator" in request:  # ministack's own iterators say whose they are
            request = json.loads(base64.urlsafe_b64decode(request["ShardIterator"]))
            arn = request.get("arn")
        else:
            arn = request.get("StreamArn")
    except (ValueError, TypeError, AttributeError, binascii.Error):
        return None
    return arn if isinstance(arn, str) else None
