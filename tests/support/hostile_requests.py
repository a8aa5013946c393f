"""Requests for both planes made at random from their models, whole or broken in one place or more.

A request is an operation's members first, so that one generator serves both planes; ``event`` then
writes them as the plane's protocol does: JSON with a target, or path, query and body.
"""

import json
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from larder.groups.api import request_shapes as control_shapes
from larder.records.api import shapes as runtime_shapes
from larder.wire.shapes import Flag, Many, Moment, Struct, Text, Whole, problems
from tests.support.control import create_request
from tests.support.events import http_event
from tests.support.groups import HOME

CONTROL, RUNTIME = control_shapes.REQUESTS, runtime_shapes.REQUESTS
T1 = "2024-01-01T00:00:00Z"
GROUPS = ["customers", "customers", "orders", HOME.arn("customers")]
FITTING = {
    "FeatureGroupName": GROUPS,
    "FeatureName": ["clicks", "city", "customer_id", "event_time", "score"],
    "FeatureNames": ["clicks", "city"],
    "RecordIdentifierFeatureName": ["customer_id"],
    "EventTimeFeatureName": ["event_time"],
    "RecordIdentifierValueAsString": ["c1", "c2"],
    "RecordIdentifiersValueAsString": ["c1", "c2", "c3"],
    "EventTime": [T1, "2024-01-02T00:00:00.5Z"],
    "ResourceArn": [HOME.arn("customers"), HOME.arn("orders")],
    "RoleArn": ["arn:aws:iam::123456789012:role/store"],
    "S3Uri": ["s3://lake/offline", "s3://other-lake/x"],
    "ResolvedOutputS3Uri": ["s3://lake/offline"],
    "Catalog": ["AwsDataCatalog"],
    "Database": ["larder_dev"],
    "TableName": ["mine", "theirs"],
    "KmsKeyId": ["11111111-2222-3333-4444-555555555555"],
    "Resource": ["FeatureGroup", "FeatureMetadata"],
    "NestedPropertyName": ["FeatureDefinitions"],
    "Name": ["FeatureGroupName", "CreationTime", "Tags.team", "AllTags", "Description"],
    "SortBy": ["Name", "CreationTime", "FeatureGroupName"],
    "Value": ["2024-01-01T00:00:00Z", "ops", "5"],
    "TagKeys": ["team", "larder:read:1"],
    "Key": ["team", "unit"],
}
RECORD = [
    {"FeatureName": "customer_id", "ValueAsString": "c1"},
    {"FeatureName": "event_time", "ValueAsString": T1},
    {"FeatureName": "clicks", "ValueAsString": "3"},
]
JUNK = [
    *(None, True, False, 0, -1, 1.5, 1e308, 2**40, 2**70, "", " ", "x", "\x00", "é" * 300),
    *([], {}, [None], [[]], {"a": None}, [{}] * 300, "a" * 5000, "../", "nan", "1e999", "\ud83d"),
    *("arn:aws:sagemaker:us-east-1:123456789012:feature-group/", HOME.arn("../x"), "-" * 256),
]
_BATCHES = {"/BatchGetRecord": "BatchGetRecord", "/BatchWriteRecord": "BatchWriteRecord"}
_PATHS = {
    "PutRecord": ("PUT", ""),
    "GetRecord": ("GET", ""),
    "DeleteRecord": ("DELETE", ""),
    "ListRecords": ("POST", "/ListRecords"),
    "UpdateRecord": ("POST", "/Record"),
}


@dataclass(frozen=True, slots=True)
class Hostile:
    """A request as generated, and the event that carries it; ``whole`` if nothing was broken."""

    operation: str
    members: object
    whole: bool
    event: dict

    @property
    def is_control(self):
        return self.operation in CONTROL


def request(dice):
    """A request of any operation of either plane; two of three are broken."""
    operation = dice.choice(sorted(CONTROL | RUNTIME))
    members = whole(shape_of(operation), dice, "", 0)
    if operation == "CreateFeatureGroup" and dice.random() < 0.5:  # one that makes sense, too
        members = create_request(dice.choice(["fresh", "new"]))
    if operation == "UpdateFeatureGroup" and dice.random() < 0.5:
        feature = {"FeatureName": f"n{dice.randrange(10**6)}", "FeatureType": "String"}
        members = {"FeatureGroupName": dice.choice(GROUPS), "FeatureAdditions": [feature]}
    breaks = dice.choice([0, 1, 1, 2, 5, 0])
    for _ in range(breaks):
        members = broken(members, dice)
    made = event(operation, members, dice)
    if breaks and dice.random() < 0.15:
        made = _mangled(made, dice)
    return Hostile(operation, members, not breaks, made)


def shape_of(operation):
    return (CONTROL | RUNTIME)[operation]


def whole(shape, dice, name, depth):
    """A value that the shape allows."""
    match shape:
        case Text():
            words = [w for w in FITTING.get(name, ["x1"]) if not list(problems(shape, w))]
            return dice.choice(words or shape.enum)
        case Whole():
            return dice.choice([each for each in (1, 5, 60, 100) if shape.min <= each <= shape.max])
        case Flag():
            return dice.random() < 0.7
        case Moment():
            return dice.choice([0, 1.5, 2e9])
        case Many():
            if name in {"Record", "Features"}:
                return RECORD
            most = 0 if depth > 6 and not shape.min else min(shape.max or 3, 3)
            count = dice.randint(max(shape.min, min(1, most)), max(shape.min, most))
            return [whole(shape.item, dice, name, depth + 1) for _ in range(count)]
    return _struct(shape, dice, depth)


def _struct(shape: Struct, dice, depth):
    chance = 1.0 if shape.union else 0.3 if depth < 5 else 0.0
    names = [n for n in shape.members if n in shape.required or dice.random() < chance]
    return {name: whole(shape.members[name], dice, name, depth + 1) for name in names}


def broken(value, dice):
    """The value, with something wrong somewhere in it."""
    if isinstance(value, dict) and value and dice.random() < 0.75:
        name = dice.choice(sorted(value))
        match dice.randrange(6):
            case 0:
                return {each: value[each] for each in value if each != name}
            case 1:
                return value | {dice.choice(["Drop", "é", "", "__proto__", name.lower()]): 1}
            case _:
                return value | {name: broken(value[name], dice)}
    if isinstance(value, list) and value and dice.random() < 0.75:
        place = dice.randrange(len(value))
        changed = [*value[:place], broken(value[place], dice), *value[place + 1 :]]
        return dice.choice([changed, changed, (value * 120)[:600], value + value, []])
    if dice.random() < 0.1:
        return _nested("x", dice.choice([3, 70, 800]))
    return dice.choice(JUNK)


def _nested(value, depth):
    for _ in range(depth):
        value = [value]
    return value


def event(operation, members, dice):
    """What API Gateway hands over when a client sends these members."""
    caller = dice.choice(["root", "user/ann", "role/x", "user/\u202e../é"])
    if operation in CONTROL:
        headers = {"x-amz-target": f"SageMaker.{operation}"}
        return http_event("POST", "/", body=_text(members), headers=headers, caller=caller)
    for path, batch in _BATCHES.items():
        if operation == batch:
            return http_event("POST", path, body=_text(members), caller=caller)
    method, suffix = _PATHS[operation]
    rest = dict(members) if isinstance(members, dict) else {"": members}
    group = quote(str(rest.pop("FeatureGroupName", "customers")), "", errors="surrogatepass")
    path = f"/FeatureGroup/{group}{suffix}"
    if method in {"GET", "DELETE"}:
        return http_event(method, path, query=_query(rest), caller=caller)
    return http_event(method, path, body=_text(rest), caller=caller)


def _text(members):
    return json.dumps(members)


def _query(members):
    fields = []
    for name, value in members.items():
        key = "FeatureName" if name == "FeatureNames" else name
        values = value if isinstance(value, list) else [value]
        fields += [(key, str(each)) for each in values]
    return urlencode(fields, quote_via=quote, errors="surrogatepass")


def _mangled(made, dice):
    """The event, broken below the level of members: bytes, base64, query, headers."""
    body = made.get("body") or '{"a": 1}'
    place = dice.randrange(len(body))
    mangled = dice.choice(
        [
            {"body": body[:place]},
            {
                "body": body[:place]
                + dice.choice(["\x00", "\ud800", "}", '"', "NaN"])
                + body[place:]
            },
            {"body": body, "isBase64Encoded": True},
            {"body": '{"FeatureGroupName": "orders", ' + body[1:]},
            {"body": None},
            {"rawQueryString": "%ff&FeatureName=%zz&" + made["rawQueryString"]},
            {"rawQueryString": "&".join([made["rawQueryString"], *["FeatureName=a"] * 4000])},
            {"rawPath": made["rawPath"] + dice.choice(["/", "/..", "%2e%2e", "%00", "//x", "%C3"])},
            {"headers": {"x-amz-target": "SageMaker.Search\r\nx: y", "content-encoding": "gzip"}},
        ]
    )
    return made | mangled
