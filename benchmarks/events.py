"""Requests of the data plane and of endpoints, as API Gateway's events."""

from __future__ import annotations

from typing import Any

import orjson

from benchmarks.function import Shape

Event = dict[str, Any]


def get_record(shape: Shape, identifier: str = "c0") -> Event:
    """GetRecord of all features."""
    query = f"RecordIdentifierValueAsString={identifier}"
    return _event("GET", f"/FeatureGroup/{shape.group.name}", query=query)


def batch_get_record(shape: Shape, records: int) -> Event:
    """BatchGetRecord of the first records."""
    identifiers = [f"c{n}" for n in range(records)]
    entry = {"FeatureGroupName": shape.group.name, "RecordIdentifiersValueAsString": identifiers}
    return _event("POST", "/BatchGetRecord", body={"Identifiers": [entry]})


def put_record(shape: Shape) -> Event:
    """PutRecord of a whole record."""
    body = {"Record": _record(shape, "c0")}
    return _event("PUT", f"/FeatureGroup/{shape.group.name}", body=body)


def batch_write_record(shape: Shape, records: int) -> Event:
    """BatchWriteRecord of whole records."""
    entries = [
        {"FeatureGroupName": shape.group.name, "Record": _record(shape, f"c{n}")}
        for n in range(records)
    ]
    return _event("POST", "/BatchWriteRecord", body={"Entries": entries})


def invoke_endpoint(records: int, name: str = "bench") -> Event:
    """InvokeEndpoint: the first records by their keys alone."""
    instances = [{"id": f"c{n}"} for n in range(records)]
    return _event("POST", f"/endpoints/{name}/invocations", body={"instances": instances})


def _record(shape: Shape, identifier: str) -> list[dict[str, str]]:
    values = shape.values(identifier).items()
    return [{"FeatureName": name, "ValueAsString": value} for name, value in values]


def _event(method: str, path: str, *, query: str = "", body: object = None) -> Event:
    event: Event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {
            "accept-encoding": "identity",
            "content-type": "application/json",
            "host": "abcdefghij.execute-api.us-east-1.amazonaws.com",
            "user-agent": "Boto3/1.44.5 md/Botocore#1.44.5",
            "x-amz-date": "20260101T000000Z",
            "x-forwarded-for": "192.0.2.1",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "123456789012",
            "authorizer": {"iam": {"userArn": "arn:aws:iam::123456789012:role/reader"}},
            "domainName": "abcdefghij.execute-api.us-east-1.amazonaws.com",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1"},
            "requestId": "JKJaXmPLvHcESHA=",
            "stage": "$default",
            "timeEpoch": 1_767_225_600_000,
        },
        "isBase64Encoded": False,
    }
    return event if body is None else {**event, "body": orjson.dumps(body).decode()}
