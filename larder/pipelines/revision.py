"""What of a pipeline decides on its rows, and how two of its definitions differ.

A published feature keeps its meaning: where its computation changes, ``pipeline.revision`` must
grow. Then every interval is due again from ``start``, and rows say which revision made them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from larder.pipelines.definition import ComputedFeature, Pipeline, Source
from larder.pipelines.durations import text_of
from larder.problems import Path

_OF_SOURCE = ("table", "group", "files", "sql", "time", "version", "where")
_OF_AGGREGATE = ("function", "of", "where", "window", "scale", "n")


@dataclass(frozen=True, slots=True)
class Change:
    """One member of a definition that differs.

    Attributes:
        member: its name as messages have it, such as ``features.spend.aggregate.of``.
        path: where it is in the definition file, or was.
        before: its value as text; ``None`` where it was left out.
        after: its value now.
        is_wrong: whether rows that were published before are wrong by it.
    """

    member: str
    path: Path
    before: str | None
    after: str | None
    is_wrong: bool


@dataclass(frozen=True, slots=True)
class _Member:
    path: Path
    value: str
    decides: bool = True


def changes(before: Pipeline, after: Pipeline) -> Iterator[Change]:
    """How two definitions of a pipeline differ, in the order of the file.

    A feature that is new makes no row wrong: earlier rows lack it, as those of any new feature do.
    """
    old, new = dict(_members(before)), dict(_members(after))
    kept = {each.name for each in before.features} & {each.name for each in after.features}
    for name in dict.fromkeys([*old, *new]):
        was, now = old.get(name), new.get(name)
        if (was.value if was else None) == (now.value if now else None):
            continue
        feature = _feature_of(name)
        if feature is not None and feature not in kept:
            continue
        known = now or was
        assert known is not None  # noqa: S101 (the name is of one of the two)
        values = (was.value if was else None, now.value if now else None)
        yield Change(name, known.path, *values, known.decides)
    yield from _come_and_gone(before, after, kept)


def fingerprints(pipeline: Pipeline) -> dict[str, str]:
    """A short digest of each member that decides on rows: a feature is one member."""
    texts: dict[str, list[str]] = {}
    for name, member in _members(pipeline):
        if member.decides:
            texts.setdefault(_whole(name), []).append(f"{name}={member.value}")
    return {
        name: hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
        for name, parts in texts.items()
    }


def differing(published: Mapping[str, str], pipeline: Pipeline) -> Iterator[tuple[str, Path]]:
    """The members that rows were not published by, each with its place in the file."""
    now = fingerprints(pipeline)
    paths = {_whole(name): member.path[:2] for name, member in _members(pipeline)}
    for name, digest in published.items():
        if now.get(name) != digest:
            yield name, paths.get(name, ("features",))


def _come_and_gone(before: Pipeline, after: Pipeline, kept: set[str]) -> Iterator[Change]:
    for each in before.features:
        if each.name not in kept:
            yield Change(f"features.{each.name}", ("features",), _computation(each), None, True)
    for each in after.features:
        if each.name not in kept:
            path: Path = ("features", each.place)
            yield Change(f"features.{each.name}", path, None, _computation(each), False)


def _feature_of(member: str) -> str | None:
    return member.split(".")[1] if member.startswith("features.") else None


def _whole(member: str) -> str:
    """The member that a fingerprint is of."""
    return ".".join(member.split(".")[:2])


def _computation(feature: ComputedFeature) -> str:
    members = dict(_of_feature(feature))
    return ", ".join(f"{name.rsplit('.', 1)[1]}: {each.value}" for name, each in members.items())


def _members(pipeline: Pipeline) -> Iterator[tuple[str, _Member]]:
    yield "record_identifier", _Member(("record_identifier",), pipeline.identifier)
    yield from _of_source(pipeline.source)
    for name, value in (
        ("emit", f"every {text_of(pipeline.hop)}" if pipeline.hop else "event"),
        ("available_after", text_of(pipeline.available_after)),
    ):
        yield f"pipeline.{name}", _Member(("pipeline", name), value)
    for name, text in _of_times(pipeline):
        if text is not None:
            yield f"pipeline.{name}", _Member(("pipeline", *name.split(".")), text, decides=False)
    for feature in pipeline.features:
        yield from _of_feature(feature)


def _of_source(source: Source) -> Iterator[tuple[str, _Member]]:
    """Where events come from. What is known of the columns decides on nothing."""
    values: dict[str, Any] = {name: getattr(source, name) for name in _OF_SOURCE}
    values |= {"unit": source.unit, "order": ", ".join(source.order)}
    values |= {"tables": ", ".join(sorted(source.tables))}
    if source.files is not None:  # a deployment makes a table of them
        values |= {"table": None, "sql": None, "tables": None}
        columns = ", ".join(f"{name} {kind}" for name, kind in source.typed)
        values |= {"files.format": source.format, "files.columns": columns}
        values["files.s3"] = values.pop("files")
    for name, value in values.items():
        if value:
            path = ("pipeline", "source", *name.split("."))
            yield f"pipeline.source.{name}", _Member(path, str(value))


def _of_times(pipeline: Pipeline) -> Iterator[tuple[str, str | None]]:
    """What decides on when rows are computed, what is checked, and who answers for it."""
    schedule, checks = pipeline.schedule, pipeline.consistency
    look = f"every {text_of(schedule.every)}" if schedule.every else schedule.cron or "off"
    yield "engine", str(pipeline.engine)
    yield "schedule", f"{look} {schedule.timezone or ''}".strip()
    yield "start", str(pipeline.start)
    yield "late.wait", text_of(pipeline.late.wait)
    yield "late.accept", text_of(pipeline.late.accept)
    yield "freshness", text_of(pipeline.freshness) if pipeline.freshness else None
    yield "expect", "; ".join(_short(asdict(each)) for each in pipeline.expect) or None
    yield "consistency", _short(asdict(checks)) if checks else None
    yield "shared", str(pipeline.shared).lower()
    yield "owner", pipeline.owner
    yield "description", pipeline.description


def _short(members: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in members.items() if value is not None)


def _of_feature(feature: ComputedFeature) -> Iterator[tuple[str, _Member]]:
    name, path = f"features.{feature.name}", ("features", feature.place)
    for member, value in (
        ("type", feature.type),
        ("collection", feature.collection),
        ("latest", feature.latest),
    ):
        if value is not None:
            yield f"{name}.{member}", _Member((*path, member), str(value))
    if feature.aggregate is None:
        return
    for member in _OF_AGGREGATE:
        given = getattr(feature.aggregate, member)
        text = text_of(given) if member == "window" else str(given)
        if given is not None:
            where = (*path, "aggregate", member)
            yield f"{name}.aggregate.{member}", _Member(where, text)
