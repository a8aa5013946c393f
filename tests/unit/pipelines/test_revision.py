"""What of a published pipeline may change, and what needs a greater revision."""

from dataclasses import replace

import pytest

from larder.pipelines.definition import Engine, Function, Late, Schedule
from larder.pipelines.durations import DAY, HOUR, MINUTE
from larder.pipelines.revision import changes, differing, fingerprints
from tests.support.pipelines import feature, pipeline

COUNT = feature("count", Function.COUNT, DAY)
SUM = feature("sum", Function.SUM, DAY, "x", scale=2)
BEFORE = pipeline([COUNT, SUM])


def wrong(after, before=BEFORE):
    """The changes that make published rows wrong, in words."""
    return [f"{e.member}: {e.before} -> {e.after}" for e in changes(before, after) if e.is_wrong]


def with_sum(**changes):
    return replace(
        BEFORE, features=(COUNT, replace(SUM, aggregate=replace(SUM.aggregate, **changes)))
    )


def with_source(**changes):
    return replace(BEFORE, source=replace(BEFORE.source, **changes))


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
def test_what_changes_no_row_makes_none_wrong(after):
    assert wrong(after) == []
    assert not list(differing(fingerprints(BEFORE), after))


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (with_sum(of="n"), "features.sum.aggregate.of: x -> n"),
        (with_sum(window=HOUR), "features.sum.aggregate.window: 1d -> 1h"),
        (with_sum(scale=3), "features.sum.aggregate.scale: 2 -> 3"),
        (with_sum(where="x > 10"), "features.sum.aggregate.where: None -> x > 10"),
        (
            replace(BEFORE, features=(COUNT,)),
            "features.sum: type: Fractional, function: sum, of: x, window: 1d, scale: 2, n: 1"
            " -> None",
        ),
        (replace(BEFORE, hop=HOUR), "pipeline.emit: event -> every 1h"),
        (replace(BEFORE, available_after=HOUR), "pipeline.available_after: 0s -> 1h"),
        (replace(BEFORE, identifier="other"), "record_identifier: k -> other"),
        (with_source(table="raw.others"), "pipeline.source.table: raw.events -> raw.others"),
        (with_source(order=("x",)), "pipeline.source.order: number -> x"),
        (with_source(where="x > 1"), "pipeline.source.where: None -> x > 1"),
    ],
    ids=[
        *("of", "window", "scale", "where", "removed", "emit", "available", "identifier"),
        *("table", "order", "source-where"),
    ],
)
def test_what_changes_rows_says_which_member(after, words):
    assert wrong(after) == [words]
    ((member, _),) = differing(fingerprints(BEFORE), after)
    assert words.startswith(member)


def test_fingerprints_are_of_values_and_short():
    prints = fingerprints(BEFORE)
    assert list(prints) == [
        *("record_identifier", "pipeline.source", "pipeline.emit", "pipeline.available_after"),
        *("features.count", "features.sum"),
    ]
    assert {len(each) for each in prints.values()} == {12}
    assert prints == fingerprints(replace(BEFORE, group="other", owner="ada"))
