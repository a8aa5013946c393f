"""What of a published pipeline may change, and what needs a greater revision."""

import json
from dataclasses import replace

import pytest

from larder.pipelines.definition import Engine, Function, Late, Schedule
from larder.pipelines.durations import DAY, HOUR, MINUTE
from larder.pipelines.revision import published, revision_problems
from tests.support.pipelines import feature, pipeline

COUNT = feature("count", Function.COUNT, DAY)
SUM = feature("sum", Function.SUM, DAY, "x", scale=2)
BEFORE = pipeline([COUNT, SUM])


def problems(after, before=BEFORE):
    stored = json.loads(json.dumps(published(before)))
    return list(revision_problems(stored, after))


def with_sum(**changes):
    return replace(
        BEFORE, features=(COUNT, replace(SUM, aggregate=replace(SUM.aggregate, **changes)))
    )


@pytest.mark.parametrize(
    "after",
    [
        BEFORE,
        replace(BEFORE, owner="x", description="y", engine=Engine.SPARK, freshness=HOUR),
        replace(BEFORE, schedule=Schedule(5 * MINUTE), late=Late(MINUTE, 9 * DAY)),
        replace(BEFORE, source=replace(BEFORE.source, columns=frozenset({"t", "k"}))),
        replace(BEFORE, features=(feature("new", Function.MAX, DAY, "x"), *BEFORE.features)),
        replace(BEFORE, features=tuple(replace(each, place=9) for each in BEFORE.features)),
    ],
    ids=["nothing", "words", "times", "columns", "another-feature", "places"],
)
def test_what_changes_no_row_needs_no_revision(after):
    assert problems(after) == []


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (with_sum(of="n"), "feature sum changes aggregate of from 'x' to 'n'"),
        (with_sum(window=HOUR), "feature sum changes aggregate window from 86400000000 to"),
        (with_sum(scale=3), "feature sum changes aggregate scale from 2 to 3"),
        (with_sum(where="x > 10"), "feature sum changes aggregate where from None to 'x > 10'"),
        (replace(BEFORE, features=(COUNT,)), "feature sum is computed no more"),
        (replace(BEFORE, hop=HOUR), "pipeline.emit changes from 0 to 3600000000"),
        (replace(BEFORE, available_after=1), "pipeline.available_after changes from 0 to 1"),
        (
            replace(BEFORE, source=replace(BEFORE.source, table="raw.others")),
            "pipeline.source changes table from 'raw.events' to 'raw.others'",
        ),
        (
            replace(BEFORE, source=replace(BEFORE.source, order=("x",))),
            "pipeline.source changes order from ['number'] to ['x']",
        ),
    ],
    ids=["of", "window", "scale", "where", "removed", "emit", "available", "table", "order"],
)
def test_what_changes_rows_needs_a_revision_and_says_which(after, words):
    (problem,) = problems(after)
    assert problem.startswith(words)
    assert "write `revision: 2` under pipeline" in problem
    assert problems(replace(after, revision=2)) == []


def test_a_revision_only_grows():
    (problem,) = problems(BEFORE, replace(BEFORE, revision=3))
    assert problem.startswith("pipeline.revision is 1 and was 3: write `revision: 4`")
