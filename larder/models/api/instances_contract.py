"""SageMaker's common inference format: ``instances`` in, ``predictions`` out.

Source: AWS, "Common data formats for inference" (cdf-inference). Instances are objects by field, or
whole vectors in three spellings. JSON lines have one instance a line. CSV whose first line names
its columns (RFC 4180, ``header=present``) is read as objects.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from larder.models.api.media import CSV, JSON, JSON_LINES, Media, accepted
from larder.models.api.xgboost_contract import finite
from larder.models.errors import ModelError
from larder.models.instances import MAX_INSTANCES, Instance
from larder.models.scores import FeatureState, Outcome, Scored, Show
from larder.problems import shown

_ACCEPTS = (JSON, JSON_LINES, CSV)
_MEMBERS = frozenset({"instances", "parameters"})
_PARAMETERS = frozenset({"features", "variant_of"})
_UNSIGNED = {"keys", "shape"}
MaySee = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Batch:
    """The instances of a request, and its parameters."""

    instances: Sequence[Instance]
    show: Show = Show.ISSUES
    unit_field: str = ""


def read(body: bytes, media: Media, most: int = MAX_INSTANCES) -> Batch:
    """The instances of a body of JSON, JSON lines or CSV with a header, ``most`` of them.

    Raises:
        ModelError: of status 400, where the body is malformed or has too many instances.
    """
    if media.name == JSON:
        return _of_json(parsed(body), most)
    if media.name == JSON_LINES:
        lines = [line for line in body.split(b"\n") if line.strip()]
        check_count(len(lines), most)
        return Batch([instance(parsed(line), place) for place, line in enumerate(lines)])
    return Batch(_of_csv(body, most))


def parsed(body: bytes) -> Any:  # noqa: ANN401
    """The JSON value of a body; raises ``ModelError`` of status 400."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ModelError(f"The body is not valid JSON ({error}): send UTF-8.") from None


def instance(value: object, place: int) -> Instance:
    """One instance; raises ``ModelError`` of status 400 where it is of no known form."""
    if isinstance(value, list):
        return Instance(vector=value)
    if not isinstance(value, dict):
        raise ModelError(
            f"Instance {place} is {shown(value)}: send an object by field, or a list of numbers."
        )
    if value.keys() == {"features"} and isinstance(value["features"], list):
        return Instance(vector=value["features"])
    if value.keys() == {"data"} and isinstance(value["data"], dict):
        return Instance(vector=_dense(value["data"], place))
    return Instance(fields=value)


def write(
    outcome: Outcome, accept: str, default: str, may_see: MaySee, show: Show
) -> tuple[str, str]:
    """The body and its type; stored values are shown where ``may_see`` says so of their group.

    Raises:
        ModelError: of status 406 where no type of the Accept header is served; or an instance's
            own, where CSV is asked for, which has no place for an error.
    """
    media = accepted(accept, _ACCEPTS, default)
    if media is None:
        raise ModelError(
            f"Accept type {accept[:200]} is not supported. Please use supported accept types: "
            f"{list(_ACCEPTS)}.",
            406,
        )
    if media == CSV:
        return "".join(f"{_csv_line(each)}\n" for each in outcome.scored), media
    several = len(outcome.variants) > 1
    entries = [_entry(each, several, may_see, show) for each in outcome.scored]
    if media == JSON:
        return orjson.dumps({"predictions": entries}).decode(), media
    return "".join(f"{orjson.dumps(entry).decode()}\n" for entry in entries), media


def _of_json(value: object, most: int) -> Batch:
    if isinstance(value, list):
        check_count(len(value), most)
        return Batch([instance(each, place) for place, each in enumerate(value)])
    if not isinstance(value, dict) or not isinstance(value.get("instances"), list):
        raise ModelError('Send {"instances": [...]}, each one an object or a list of numbers.')
    if unknown := value.keys() - _MEMBERS:
        raise ModelError(
            f"Member {min(unknown)[:80]!r} is unknown: a request has instances and parameters."
        )
    instances = value["instances"]
    check_count(len(instances), most)
    show, unit_field = _parameters(value.get("parameters"))
    return Batch([instance(each, n) for n, each in enumerate(instances)], show, unit_field)


def _parameters(given: object) -> tuple[Show, str]:
    if given is None:
        return Show.ISSUES, ""
    if not isinstance(given, dict) or not given.keys() <= _PARAMETERS:
        raise ModelError("Member parameters must be an object of features and variant_of.")
    show, unit_field = given.get("features") or Show.ISSUES, given.get("variant_of") or ""
    if not isinstance(show, str) or show not in set(Show):
        raise ModelError(f"parameters.features is {shown(show)}: send one of {', '.join(Show)}.")
    if not isinstance(unit_field, str):
        raise ModelError(f"parameters.variant_of is {shown(unit_field)}: send a field's name.")
    return Show(show), unit_field


def check_count(count: int, most: int) -> None:
    """Nothing where a request may have so many instances; else ``ModelError`` of status 400."""
    if not 1 <= count <= most:
        raise ModelError(
            f"The request has {count} instances; from 1 to {most} are taken. Split it, "
            f"or run a transform job."
        )


def _dense(data: Mapping[str, object], place: int) -> Sequence[object]:
    features = data.get("features")
    if isinstance(features, dict) and features.keys() & _UNSIGNED:
        raise ModelError(f"Instance {place} is sparse (keys, shape): send all values instead.")
    values = features.get("values") if isinstance(features, dict) else None
    if data.keys() != {"features"} or not isinstance(values, list):
        raise ModelError(f'Instance {place}: send {{"data": {{"features": {{"values": [...]}}}}}}.')
    return values


def _of_csv(body: bytes, most: int) -> list[Instance]:
    try:
        lines = list(csv.reader(io.StringIO(body.decode().strip()), strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise ModelError(f"The body is not valid CSV ({str(error)[:200]}).", 415) from None
    names, rows = lines[0] if lines else [], lines[1:]
    check_count(len(rows), most)
    if len(set(names)) < len(names):
        raise ModelError("The first line names a column twice: name each once.", 415)
    for place, row in enumerate(rows):
        if len(row) != len(names):
            raise ModelError(
                f"Line {place + 2} has {len(row)} fields, the first line names {len(names)}.", 415
            )
    fields = [{name: each or None for name, each in zip(names, row, strict=True)} for row in rows]
    return [Instance(fields=each, texts=True) for each in fields]


def _entry(scored: Scored, several: bool, may_see: MaySee, show: Show) -> dict[str, object]:
    entry: dict[str, object] = {}
    if scored.error is not None:
        entry["error"] = {"code": scored.error.code, "message": scored.error.message}
    else:
        _add_score(entry, scored)
    if scored.features and show is not Show.NONE:
        entry["features"] = {
            name: _feature(state, may_see) for name, state in scored.features.items()
        }
    if several:
        entry["variant"] = scored.variant.name
    return entry


def _add_score(entry: dict[str, object], scored: Scored) -> None:
    spec, score = scored.variant.model.features, scored.score
    name = spec.output if spec is not None else "score"
    if isinstance(score, float):
        entry[name] = finite(score)
        if entry[name] is None:
            entry["status"] = _not_finite(score)
        return
    values = [finite(each) for each in score or ()]
    entry[name] = values
    if None in values:
        entry["status"] = _not_finite(next(v for v in score or () if finite(v) is None))


def _not_finite(score: float) -> str:
    if score != score:  # noqa: PLR0124 - NaN alone differs from itself
        return "NaN"
    return "Infinity" if score > 0 else "-Infinity"


def _feature(state: FeatureState, may_see: MaySee) -> dict[str, object]:
    told: dict[str, object] = {"status": str(state.status)}
    if state.group and not may_see(state.group):
        return told
    if state.value is not None:
        told["value"] = state.value
    if state.event_time is not None:
        told["event_time"] = state.event_time
    return told


def _csv_line(scored: Scored) -> str:
    if scored.error is not None:
        raise ModelError(scored.error.message, scored.error.status)
    score = scored.score
    return str(score) if isinstance(score, float) else ",".join(map(str, score or ()))
