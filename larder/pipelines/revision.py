"""What of a pipeline decides on its rows, and what changed of it since it was published.

A published feature keeps its meaning: where its computation changes, ``pipeline.revision`` must
grow. Then every interval is due again from ``start``, and rows say which revision made them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from larder.pipelines.definition import ComputedFeature, Pipeline, Source

Published = Mapping[str, Any]
"""A published definition as JSON has it: what ``published`` gave."""


def published(pipeline: Pipeline) -> dict[str, Any]:
    """What decides on a pipeline's rows, as a JSON document with texts and numbers."""
    return {
        "revision": pipeline.revision,
        "identifier": pipeline.identifier,
        "source": _source(pipeline.source),
        "hop": pipeline.hop,
        "available_after": pipeline.available_after,
        "features": {each.name: _feature(each) for each in pipeline.features},
    }


def revision_problems(before: Published, pipeline: Pipeline) -> Iterator[str]:
    """A sentence for each change that needs a greater revision than the published one has.

    A feature that is new needs none: its earlier rows lack it, as those of any new feature do.
    """
    after = published(pipeline)
    if after["revision"] > before["revision"]:
        return
    cure = (
        f"write `revision: {before['revision'] + 1}` under pipeline, and all rows are computed "
        "again; or give the feature another name"
    )
    if after["revision"] < before["revision"]:
        yield f"pipeline.revision is {after['revision']} and was {before['revision']}: {cure}"
    for member in ("identifier", "source", "hop", "available_after"):
        if after[member] != before[member]:
            yield f"{_named(member)} changes {_change(before[member], after[member])}: {cure}"
    for name, computed in before["features"].items():
        now = after["features"].get(name)
        if now is None:
            yield f"feature {name} is computed no more: {cure}"
        elif now != computed:
            yield f"feature {name} changes {_change(computed, now)}: {cure}"


def _source(source: Source) -> dict[str, Any]:
    """Where events come from. What is known of the columns decides on nothing."""
    found = {
        name: value for name, value in asdict(source).items() if name not in ("columns", "timed")
    }
    return {**found, "tables": sorted(source.tables), "order": list(source.order)}


def _feature(feature: ComputedFeature) -> dict[str, Any]:
    return {name: value for name, value in asdict(feature).items() if name != "place"}


def _named(member: str) -> str:
    names = {"identifier": "record_identifier", "hop": "pipeline.emit"}
    return names.get(member, f"pipeline.{member}")


def _change(before: object, after: object) -> str:
    """The old and the new value; of two objects, the first member that differs."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in [*before, *after]:
            if before.get(name) != after.get(name):
                return f"{name} {_change(before.get(name), after.get(name))}".lstrip()
    return f"from {before!r} to {after!r}"
