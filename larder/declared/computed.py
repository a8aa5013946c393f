"""What of a file with computed features is wrong, before there is a pipeline to check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from larder.declared.spelled import WINDOW
from larder.groups.feature_group import TableFormat
from larder.pipelines.definition import SCALED, Function
from larder.problems import Path, Problem, shown

Members = Mapping[str, Any]


def computed_problems(members: Members, places: list[int]) -> Iterator[Problem]:
    """What the members say twice, not at all, or in the wrong place."""
    pipeline = members.get("pipeline")
    for place, feature in zip(places, members["features"], strict=True):
        path: Path = ("features", place)
        if pipeline is None:
            for member in ("aggregate", "latest", "expect"):
                if feature.get(member) is not None:
                    text = "Member must be left out, or the file must say where events come from"
                    yield Problem((*path, member), f"{text}: add `pipeline:`")
        else:
            yield from _of_feature(members, feature, path)
    if pipeline is not None:
        yield from _of_schedule(pipeline.get("schedule") or {})
        yield from _of_group(members)
        yield from _of_expectations(members)


def _of_feature(members: Members, feature: Members, path: Path) -> Iterator[Problem]:
    aggregate, latest, name = feature.get("aggregate"), feature.get("latest"), feature["name"]
    own = [members["record_identifier"], members["event_time"]]
    if aggregate is not None and latest is not None:
        yield Problem((*path, "latest"), "Member must be left out with `aggregate`")
    if name in own and (aggregate or latest):
        text = "Member must be left out of the record identifier and the event time"
        yield Problem((*path, "aggregate" if aggregate else "latest"), text)
    if name not in own and aggregate is None and latest is None:
        text = "the feature needs `aggregate` or `latest`: the file has a pipeline, and nothing"
        yield Problem((*path, "name"), f"{text} else says how it is computed", shown(name))
    if aggregate is not None:
        yield from _of_aggregate(aggregate, (*path, "aggregate"))


def _of_aggregate(aggregate: Members, path: Path) -> Iterator[Problem]:
    function = Function(aggregate["function"])
    if aggregate.get("windows") is not None:
        text = "Member must be left out with `window`"
        if aggregate.get("window") is None:
            text = f"Member must be left out, or the feature's name must contain {WINDOW}"
        yield Problem((*path, "windows"), text)
    elif aggregate.get("window") is None:
        yield Problem((*path, "window"), "Member must be a length, for example 24h", "null")
    if aggregate.get("scale") is not None and function not in SCALED:
        text = f"Member must be left out: only {', '.join(sorted(SCALED))} add values up"
        yield Problem((*path, "scale"), text, shown(aggregate["scale"]))
    if (aggregate.get("n") is not None) != (function is Function.LAST_N):
        text = "Member must be given for last_n, and for nothing else"
        yield Problem((*path, "n"), text, shown(aggregate.get("n")))


def _of_schedule(schedule: Members) -> Iterator[Problem]:
    path: Path = ("pipeline", "schedule")
    kinds = [name for name in ("every", "cron", "off") if schedule.get(name)]
    if len(kinds) > 1:
        text = "Member must have exactly one of [every, cron, off]"
        yield Problem(path, text, f"of {' and '.join(kinds)}")
    if schedule.get("timezone") and not schedule.get("cron"):
        text = "Member must be left out without cron"
        yield Problem((*path, "timezone"), text, shown(schedule["timezone"]))


def _of_group(members: Members) -> Iterator[Problem]:
    offline = members.get("offline")
    if offline is None or offline.get("table_format") != TableFormat.ICEBERG:
        text = "Member must be Iceberg for a group that a pipeline writes"
        given = "null" if offline is None else shown(offline.get("table_format"))
        yield Problem(("offline", "table_format"), text, given)
    grants = members.get("grants") or {}
    for right in ("write", "admin"):
        if grants.get(right) and not members["pipeline"].get("shared"):
            text = (
                "Member must be left out: the pipeline writes this group, and others' records would"
                " mix with its own. Write `shared: true` under pipeline if that is meant"
            )
            yield Problem(("grants", right), text, shown(", ".join(map(str, grants[right]))))


def _of_expectations(members: Members) -> Iterator[Problem]:
    names = {feature["name"] for feature in members["features"]}
    for place, each in enumerate(members["pipeline"].get("expect") or ()):
        path: Path = ("pipeline", "expect", place)
        kinds = [name for name in each if name != "severity" and each[name] is not None]
        if len(kinds) != 1:
            text = "Member must have exactly one of [rows, keys, unique, freshness, sql]"
            yield Problem(path, text, f"of {len(kinds)}")
        for column in each.get("unique") or ():
            if column not in names:
                text = "Member must name features of the file"
                yield Problem((*path, "unique"), text, shown(column))
