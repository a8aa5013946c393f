"""The data plane's answers: what the use cases found, as SageMaker's JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from larder.errors import ValidationError
from larder.records.api.record_json import features_json
from larder.records.api.requests import Members
from larder.records.read import BatchOutcome, Found, GetRecords
from larder.records.write import WriteOutcome
from larder.wire.errors import runtime_code

MAX_ANSWER_BYTES = 5_500_000
"""Lambda answers at most 6 MB; records beyond that are left unprocessed for the caller."""


def record(found: Found, members: Members) -> bytes:
    """``Record``, and ``ExpiresAt`` where the request asks for it and the record expires."""
    with_expiry = members.get("ExpirationTimeResponse") == "Enabled"
    expiry = _expiry(found) if with_expiry else b""
    return b'{"Record":%b%b}' % (features_json(found), expiry)


def batch_get(requests: Sequence[GetRecords], outcome: BatchOutcome, members: Members) -> bytes:
    """BatchGetRecord's answer; group and identifier are echoed as they were asked for."""
    heads = [orjson.dumps({"FeatureGroupName": request.group})[:-1] for request in requests]
    with_expiry = members.get("ExpirationTimeResponse") == "Enabled"
    records: list[bytes] = []
    size = 0
    for place, identifier, found in outcome.found:
        one = b'%b,"RecordIdentifierValueAsString":%b,"Record":%b%b}' % (
            heads[place],
            orjson.dumps(identifier),
            features_json(found),
            _expiry(found) if with_expiry else b"",
        )
        if size + len(one) > MAX_ANSWER_BYTES:
            outcome.unprocessed.append((place, identifier))
            continue
        size += len(one)
        records.append(one)
    errors = [
        _head(requests[place], identifier)
        | {"ErrorCode": runtime_code(error), "ErrorMessage": str(error)}
        for place, identifier, error in outcome.errors
    ]
    return b'{"Records":[%b],"Errors":%b,"UnprocessedIdentifiers":%b}' % (
        b",".join(records),
        orjson.dumps(errors),
        orjson.dumps(_unprocessed(requests, outcome)),
    )


def batch_write(entries: Sequence[Members], outcome: WriteOutcome) -> bytes:
    """BatchWriteRecord's answer; entries are echoed exactly as they were sent.

    Raises:
        ValidationError: so many large entries failed that their echo passes Lambda's limit; none
            of what the message does not name was refused for another reason.
    """
    errors = [
        {"Entry": entries[place], "ErrorCode": runtime_code(error), "ErrorMessage": str(error)}
        for place, error in outcome.errors
    ]
    left = [entries[place] for place in outcome.unprocessed]
    answer = orjson.dumps({"Errors": errors, "UnprocessedEntries": left})
    if len(answer) > MAX_ANSWER_BYTES:
        places = ", ".join(str(place) for place, _ in outcome.errors)
        reason = outcome.errors[0][1] if outcome.errors else "load"
        raise ValidationError(
            f"Entries {places} were refused, and too large to be echoed in one answer; send fewer "
            f"at a time. The first reason: {reason}"
        )
    return answer


def _expiry(found: Found) -> bytes:
    if found.expires_nanos is None:
        return b""
    return b',"ExpiresAt":%b' % orjson.dumps(found.expires_at)


def _head(request: GetRecords, identifier: str) -> dict[str, Any]:
    return {"FeatureGroupName": request.group, "RecordIdentifierValueAsString": identifier}


def _unprocessed(requests: Sequence[GetRecords], outcome: BatchOutcome) -> list[dict[str, Any]]:
    identifiers: dict[int, list[str]] = {}
    for place, identifier in outcome.unprocessed:
        identifiers.setdefault(place, []).append(identifier)
    entries = []
    for place, left in sorted(identifiers.items()):
        entry: dict[str, Any] = {
            "FeatureGroupName": requests[place].group,
            "RecordIdentifiersValueAsString": left,
        }
        features = requests[place].features
        entries.append(entry if features is None else entry | {"FeatureNames": list(features)})
    return entries
