"""Requests on transform jobs: SageMaker's members to the core's values, and contradictions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from larder.groups.api.requests import tag_pairs
from larder.models.api.control_requests import checked_by
from larder.models.api.media import CSV, JSON, JSON_LINES, Media
from larder.models.registry_items import Sent
from larder.problems import Path, Problem, refuse, shown
from larder.transforms.api.shapes import REQUESTS
from larder.transforms.json_path import BadPath, JsonPath
from larder.transforms.manage_jobs import JobSpec
from larder.transforms.work import DEFAULT_PAYLOAD, MEGABYTE, MOST_PAYLOAD, Family, Processing, Work
from larder.wire.json_rpc import Members

_FAMILIES: Final = {
    CSV: Family.CSV,
    JSON: Family.JSON,
    JSON_LINES: Family.JSON_LINES,
    "application/x-jsonlines": Family.JSON_LINES,
}
_INPUT, _OUTPUT, _PROCESSING = "TransformInput", "TransformOutput", "DataProcessing"
_SOURCE: Final = (_INPUT, "DataSource", "S3DataSource")
_TYPES: Final = ("S3Prefix", "ManifestFile")
_SPLITS: Final = ("None", "Line")
_STREAM: Final = (
    "Member must be at least 1: 0 asks for requests without end, which a model of Larder's does "
    "not take; leave it out for 6"
)


checked = partial(checked_by, REQUESTS)
"""The members of an operation on transform jobs; see ``checked_by``."""


def job_spec(members: Members) -> JobSpec:
    """CreateTransformJob's request.

    Raises:
        ValidationError: it asks for what there isn't, or contradicts itself.
    """
    refuse(_problems(members))
    sent = {name: value for name, value in members.items() if name not in _OWN}
    return JobSpec(
        name=members["TransformJobName"],
        model=members["ModelName"],
        work=work_of(sent),
        sent=sent,
        keys=tuple(_keys(members)),
        tags=tag_pairs(members.get("Tags", [])),
    )


_OWN: Final = ("TransformJobName", "Tags")


def work_of(sent: Sent) -> Work:
    """What a job does, by the members that it was asked for with, which were checked."""
    given: Mapping[str, Any] = sent
    source, target = given[_INPUT], given[_OUTPUT]
    place, client = source["DataSource"]["S3DataSource"], given.get("ModelClientConfig", {})
    processing = _processing(given)
    several = given.get("BatchStrategy", "MultiRecord") == "MultiRecord"
    return Work(
        source=place["S3Uri"],
        listed=place["S3DataType"] == "ManifestFile",
        output=target["S3OutputPath"],
        content_type=source.get("ContentType", ""),
        accept=target.get("Accept", ""),
        gzip=source.get("CompressionType") == "Gzip",
        lines=source.get("SplitType") == "Line",
        several=several and not _are_single(source, processing),
        payload=given.get("MaxPayloadInMB", DEFAULT_PAYLOAD) * MEGABYTE,
        assembles=target.get("AssembleWith") == "Line",
        concurrency=given.get("MaxConcurrentTransforms", 0),
        instances=given["TransformResources"]["InstanceCount"],
        retries=client.get("InvocationsMaxRetries", 3),
        seconds=client.get("InvocationsTimeoutInSeconds", 600),
        environment=given.get("Environment", {}),
        processing=processing,
    )


def _are_single(source: Mapping[str, Any], processing: Processing | None) -> bool:
    """Whether a request has one record: a JSON document has no other after it."""
    if _media(source.get("ContentType")) == JSON:
        return True
    return processing is not None and processing.made is Family.JSON


def _processing(given: Mapping[str, Any]) -> Processing | None:
    asked = given.get(_PROCESSING, {})
    before, after = (_path(asked.get(name)) for name in ("InputFilter", "OutputFilter"))
    joins = asked.get("JoinSource") == "Input"
    if not joins and all(each is None or each.is_whole for each in (before, after)):
        return None
    return Processing(
        given=_FAMILIES[_media(given[_INPUT].get("ContentType"))],
        made=_FAMILIES[_media(given[_OUTPUT].get("Accept"))],
        before=before,
        after=after,
        joins=joins,
    )


def _path(text: str | None) -> JsonPath | None:
    return JsonPath.parse(text) if text else None


def _media(header: str | None) -> str:
    return Media.parse(header or "").name


def _keys(members: Members) -> Iterator[tuple[Path, str]]:
    for name, key in ((_OUTPUT, "KmsKeyId"), ("TransformResources", "VolumeKmsKeyId")):
        if members[name].get(key):
            yield (name, key), members[name][key]


def _problems(members: Members) -> Iterator[Problem]:
    yield from _source_problems(members[_INPUT])
    yield from _payload_problems(members)
    yield from _split_problems(members)
    yield from _processing_problems(members)
    if not members[_OUTPUT]["S3OutputPath"].startswith("s3://"):
        where = (_OUTPUT, "S3OutputPath")
        yield Problem(where, "Member must begin with s3://", shown(members[_OUTPUT][where[1]]))


def _source_problems(source: Mapping[str, Any]) -> Iterator[Problem]:
    place = source["DataSource"]["S3DataSource"]
    if place["S3DataType"] not in _TYPES:
        text = f"Member must be one of [{', '.join(_TYPES)}]: list the objects in a manifest"
        yield Problem((*_SOURCE, "S3DataType"), text, shown(place["S3DataType"]))
    if not place["S3Uri"].startswith("s3://"):
        yield Problem((*_SOURCE, "S3Uri"), "Member must begin with s3://", shown(place["S3Uri"]))


def _payload_problems(members: Members) -> Iterator[Problem]:
    payload = members.get("MaxPayloadInMB", DEFAULT_PAYLOAD)
    if payload == 0:
        yield Problem(("MaxPayloadInMB",), _STREAM, "0")
    if payload > MOST_PAYLOAD:
        text = f"Member must have value less than or equal to {MOST_PAYLOAD}"
        yield Problem(("MaxPayloadInMB",), text, str(payload))
    elif payload * members.get("MaxConcurrentTransforms", 0) > MOST_PAYLOAD:
        text = (
            f"Member times MaxPayloadInMB, which is {payload}, must be at most {MOST_PAYLOAD}: "
            "lower one of the two"
        )
        where = ("MaxConcurrentTransforms",)
        yield Problem(where, text, str(members["MaxConcurrentTransforms"]))


def _split_problems(members: Members) -> Iterator[Problem]:
    source, where = members[_INPUT], (_INPUT, "SplitType")
    split = source.get("SplitType", "None")
    if split not in _SPLITS:
        text = (
            f"Member must be one of [{', '.join(_SPLITS)}]: no model of Larder's reads that form; "
            "write lines of CSV, libsvm or JSON"
        )
        yield Problem(where, text, shown(split))
    header = Media.parse(source.get("ContentType", "")).parameters.get("header")
    if split == "Line" and header == "present":
        text = (
            "Member must be None where ContentType has header=present: of the parts of a file one "
            "has its header"
        )
        yield Problem(where, text, shown(split))
    single = members.get("BatchStrategy") == "SingleRecord"
    if single and split == "None":
        text = "Member must be MultiRecord where SplitType is None: there are no single records"
        yield Problem(("BatchStrategy",), text, shown("SingleRecord"))


def _processing_problems(members: Members) -> Iterator[Problem]:
    asked = members.get(_PROCESSING, {})
    paths: dict[str, JsonPath] = {}
    for name in ("InputFilter", "OutputFilter"):
        try:
            if (path := _path(asked.get(name))) is not None:
                paths[name] = path
        except BadPath as error:
            yield Problem((_PROCESSING, name), str(error), shown(asked[name]))
    joins = asked.get("JoinSource") == "Input"
    if joins or any(not each.is_whole for each in paths.values()):
        yield from _format_problems(members, paths, joins=joins)


def _format_problems(
    members: Members, paths: Mapping[str, JsonPath], *, joins: bool
) -> Iterator[Problem]:
    sides = ((_INPUT, "ContentType", "SplitType"), (_OUTPUT, "Accept", "AssembleWith"))
    families = []
    for side, member, lines in sides:
        family = _FAMILIES.get(_media(members[side].get(member)))
        families.append(family)
        if family is None:
            known = ", ".join(_FAMILIES)
            text = f"Member must be one of [{known}] where DataProcessing works on records"
            yield Problem((side, member), text, shown(members[side].get(member)))
        elif family is not Family.JSON and members[side].get(lines, "None") != "Line":
            text = f"Member must be Line where DataProcessing works on records of {family}"
            yield Problem((side, lines), text, shown(members[side].get(lines, "None")))
    given, made = families
    if joins and given and made and (given is Family.CSV) != (made is Family.CSV):
        text = "Member must be of ContentType's own format where JoinSource is Input: both CSV, or"
        text = f"{text} both JSON"
        yield Problem((_OUTPUT, "Accept"), text, shown(members[_OUTPUT].get("Accept")))
    of: Callable[[str], Family | None] = {"InputFilter": given, "OutputFilter": made}.get
    for name, path in paths.items():
        if of(name) is Family.CSV and path.has_names:
            text = "Member must name columns by numbers, as in $[1:]: a row of CSV has no names"
            yield Problem((_PROCESSING, name), text, shown(path.text))
