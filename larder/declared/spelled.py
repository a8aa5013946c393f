"""Short spellings of a definition file, made long: one feature for several windows, and words.

``emit: event`` is ``{event: true}``, ``schedule: off`` is ``{off: true}``, a day is a text, and the
values of ``in`` may be listed alone. What has another form stays as it is, for the checks to name.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

WINDOW = "{window}"
Members = dict[str, Any]


def spelled_out(document: object) -> tuple[object, list[int]]:
    """A file's members in long spelling; and of each feature, its place in the file."""
    if not isinstance(document, dict):
        return document, []
    members = {name: value for name, value in document.items() if value is not None}
    if isinstance(members.get("pipeline"), dict):
        members["pipeline"] = dict(_of_pipeline(members["pipeline"]))
    places: list[int] = []
    if isinstance(members.get("features"), list):
        found = list(_features(members["features"]))
        members["features"] = [feature for feature, _ in found]
        places = [place for _, place in found]
    return members, places


def _of_pipeline(pipeline: Members) -> Iterator[tuple[str, object]]:
    for name, value in pipeline.items():
        if name == "start" and isinstance(value, date):
            yield name, value.isoformat()[:10]
        elif name == "emit" and value == "event":
            yield name, {"event": True}
        elif name == "schedule" and (value is False or value == "off"):  # YAML 1.1 reads off so
            yield name, {"off": True}
        else:
            yield name, value


def _features(features: list[object]) -> Iterator[tuple[object, int]]:
    for place, feature in enumerate(features):
        if not isinstance(feature, dict):
            yield feature, place
            continue
        known = _with_values(feature)
        aggregate: Any = known.get("aggregate")
        if not _has_windows(known.get("name"), aggregate):
            yield known, place
            continue
        rest = {name: value for name, value in aggregate.items() if name != "windows"}
        for window in aggregate["windows"]:
            name = known["name"].replace(WINDOW, window)
            yield {**known, "name": name, "aggregate": {**rest, "window": window}}, place


def _has_windows(name: object, aggregate: Any) -> bool:  # noqa: ANN401 - anything that YAML has
    """Whether a feature is several: its name has the place of a window, and there are windows."""
    if not (isinstance(name, str) and WINDOW in name and isinstance(aggregate, dict)):
        return False
    windows = aggregate.get("windows")
    return (
        isinstance(windows, list)
        and aggregate.get("window") is None
        and all(isinstance(window, str) for window in windows)
    )


def _with_values(feature: Members) -> Members:
    expected = feature.get("expect")
    if isinstance(expected, dict) and isinstance(expected.get("in"), list):
        values = [str(each) if type(each) is int else each for each in expected["in"]]
        return {**feature, "expect": {**expected, "in": {"values": values}}}
    return feature
