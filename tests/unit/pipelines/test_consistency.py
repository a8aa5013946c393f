"""A pipeline's stores, history and source compared: what differs, and what only seems to (M14)."""

import random
from dataclasses import replace

import duckdb
import pyarrow as pa
import pytest

from larder.as_of.sample import sample_query
from larder.client.consistency import lines, shown
from larder.errors import ValidationError
from larder.event_time import EventTimeType
from larder.groups.feature_group import FeatureType, TtlDuration
from larder.offline.feature_table import FeatureTable
from larder.pipelines.adapters.stored_reports import from_json, report_key, to_json
from larder.pipelines.consistency.compare import Pair, compare
from larder.pipelines.consistency.in_time import percentile, was_looked_for
from larder.pipelines.consistency.recompute import rows_at
from larder.pipelines.consistency.report import Difference
from larder.pipelines.definition import Consistency, Function, Schedule
from larder.pipelines.dialects import Dialect, translated
from larder.pipelines.durations import DAY, HOUR, MINUTE
from larder.pipelines.sql.statement import Shape
from larder.records.record import State
from tests.support.consistency import BEGIN, World, daily, hourly, stream
from tests.support.pipelines import (
    all_functions,
    feature,
    on_duckdb,
    pipeline,
    random_streams,
)

STORE, SOURCE = 0, 1
COUNTED = [
    feature("count", Function.COUNT, DAY),
    feature("sum", Function.SUM, DAY, "x", scale=2),
    feature("newest", Function.LAST, DAY, "city"),
]
VALUES = {"count": 5, "sum": 2.5, "newest": "x"}


def counted(**more):
    return pipeline(COUNTED, more.pop("hop", 6 * HOUR), **{"available_after": 10 * MINUTE, **more})


def world(keys=30, days=3, **more):
    """Three days of events, published."""
    made = World(counted(), stream(7, keys), **more)
    for each in daily(days):
        made.publish(each)
    return made


def newest(made, key):
    """The newest version of a record in the history."""
    of_key = [row for row in made.history if row["k"] == key]
    return max(of_key, key=lambda row: (row["made_at"], row["write_time"]))


def point_of(made, row):
    return made.version(row["k"], row["made_at"], {}, 0).event_key // 1000 - 10 * MINUTE


@pytest.mark.parametrize("hop", [0, 6 * HOUR], ids=["event", "every"])
def test_a_seeded_stream_has_no_mismatch_in_any_function(hop):
    made = World(pipeline(all_functions([DAY]), hop, available_after=10 * MINUTE), stream(1, 40))
    for each in daily(3):
        made.publish(each)
    found = made.report()
    assert [each.compared for each in found.comparisons] == [40, 40]
    assert found.cells == 2 * 40 * 19
    assert found.different == 0
    assert all(not each.uncompared and not each.older for each in found.comparisons)


@pytest.mark.parametrize("kind", [FeatureType.INTEGRAL, FeatureType.FRACTIONAL])
def test_identifiers_and_event_times_of_every_type_are_compared(kind):
    asked = counted(hop=HOUR, identifier_type=kind)
    made = World(asked, stream(8, 9, prefix=""), event_time=EventTimeType.FRACTIONAL)
    for each in hourly(72):
        made.publish(each, changed=each.until + 30 * MINUTE)
    found = made.report()
    assert [each.compared for each in found.comparisons] == [9, 9]
    assert found.different == 0
    assert found.timeliness.late == found.timeliness.rows > 72
    assert found.timeliness.p50_seconds == pytest.approx(19 * 60, abs=1)


@pytest.mark.parametrize("side", [STORE, SOURCE], ids=["online", "history"])
def test_one_percent_of_wrong_cells_is_measured_as_one_percent(side):
    made = World(pipeline(all_functions([DAY, 2 * DAY]), 6 * HOUR), stream(2, 700))
    for each in daily(3):
        made.publish(each)
    dice, wrong = random.Random(5), 0
    for key in {row["k"] for row in made.history}:
        row = newest(made, key)
        values = {each.name: row.get(each.name) for each in made.pipeline.features}
        for name, value in values.items():
            if value is not None and dice.random() < 0.01:
                values[name], wrong = other_than(value), wrong + 1
        if side == SOURCE:
            row.update(values)
        version = made.version(key, row["made_at"], values, row["write_time"])
        made.store.records[made.slot(key)] = version
    found = made.report(sample=2000).comparisons[side]
    assert found.cells >= 20_000
    assert found.different == wrong
    assert 0.008 <= found.different / found.cells <= 0.012


def other_than(value):
    if isinstance(value, list):
        return [*value, "other"]
    return f"{value}!" if isinstance(value, str) else value + 1


def test_a_newer_online_version_is_in_flight_until_the_watermark_has_passed_it():
    made = world()
    row = newest(made, "key-1")
    written = made.now - MINUTE
    made.write("key-1", point_of(made, row) + HOUR, VALUES, written, stores=("online",))
    made.watermark = written - 1
    found = made.report().comparisons[STORE]
    assert (found.different, found.uncompared) == (0, {"in flight": 1})
    made.watermark = None
    assert made.report().comparisons[STORE].uncompared == {"in flight": 1}
    made.watermark = written
    found = made.report().comparisons[STORE]
    assert (found.different, found.uncompared) == (len(COUNTED), {})
    assert found.causes == {"not in the history": 1}
    assert [each.extra for each in found.features] == [1, 1, 1]


def test_a_version_of_a_run_at_work_is_in_flight_on_both_questions():
    made = world()
    day = daily(3)[-1]
    inside = {row["k"] for row in made.history if day.after < point_of(made, row) <= day.until}
    keys = sorted(key for key in inside if point_of(made, newest(made, key)) <= day.until)
    made.claim(day, made.now)
    for key in keys:  # a correction that has reached the history alone
        made.write(key, point_of(made, newest(made, key)), VALUES, made.now, stores=("offline",))
    found = made.report()
    assert found.different == 0
    assert found.comparisons[STORE].uncompared == {"in flight": len(keys)}
    assert found.comparisons[SOURCE].uncompared["in flight"] == len(keys) > 5


def test_expired_records_are_no_mismatch_whether_dynamodb_removed_them_or_not():
    made = world(ttl=TtlDuration("Hours", 6))
    assert made.report().comparisons[STORE].uncompared == {"expired": 30}
    made.store.records.clear()
    found = made.report()
    assert found.comparisons[STORE].uncompared == {"expired": 30}
    assert (found.comparisons[SOURCE].compared, found.different) == (30, 0)


def test_a_live_write_at_the_same_event_time_is_a_mismatch_with_its_cause():
    made = world()
    row = newest(made, "key-2")
    made.write("key-2", point_of(made, row), {**VALUES, "sum": 1e9}, made.now - HOUR)
    stores, source = made.report().comparisons
    assert stores.different == 0
    assert source.causes == {"newer live write": 1}
    total = {each.feature: each for each in source.features}["sum"]
    assert (total.mismatch, total.missing, total.extra) == (1, 0, 0)
    assert total.worst == (Difference("key-2", 1e9, row["sum"]),)
    assert total.smape > 0.9


def test_a_report_is_the_same_once_it_was_stored_and_people_read_the_same():
    made = world(ttl=TtlDuration("Hours", 6))
    row = newest(made, "key-2")
    made.write("key-2", point_of(made, row), {**VALUES, "sum": 1e9}, made.now - HOUR)
    found = made.report()
    assert from_json(to_json(found)) == found
    key = f"consistency/g/2024-10-08/{found.at[11:19].replace(':', '')}.json"
    assert report_key(found) == key
    text = "\n".join(lines(found))
    assert f"g (revision 1) at {found.at}: 30 records, " in text
    assert "store vs history: 0 records, 0 mismatches, 30 expired" in text
    assert "1 newer live write" in text
    assert "key-2: 1000000000.0 / " in text
    assert "no rows of scheduled runs" in text
    html = shown(found)._repr_html_()
    assert "key-2: 1000000000.0" in html
    assert "history vs source" in html


def test_a_live_write_where_the_source_has_no_event_is_extra():
    made, last = world(), BEGIN + 3 * DAY
    keys = sorted({row["k"] for row in made.history})
    key = next(each for each in keys if point_of(made, newest(made, each)) < last)
    made.write(key, last - 1, VALUES, made.now - HOUR)
    source = made.report().comparisons[SOURCE]
    assert [each.extra for each in source.features] == [1, 1, 1]
    assert source.causes == {"newer live write": 1}


def test_a_record_that_the_online_store_lost_is_missing():
    made = world()
    del made.store.records[made.slot("key-3")]
    found = made.report().comparisons[STORE]
    given = sum(newest(made, "key-3")[each.name] is not None for each in COUNTED)
    assert (found.different, found.causes) == (given, {"not in the online store": 1})
    assert sum(each.missing for each in found.features) == given


def test_an_older_online_version_is_told_apart():
    made = world()
    row = newest(made, "key-4")
    made.write("key-4", point_of(made, row) + HOUR, VALUES, made.now - HOUR, stores=("offline",))
    found = made.report().comparisons[STORE]
    assert (found.older, found.different, found.compared) == (1, 0, 29)


def test_deletions_on_both_sides_agree_and_on_one_side_differ():
    made = world()
    row = newest(made, "key-5")
    slot = made.slot("key-5")
    at, written = row["made_at"], made.now - HOUR
    made.store.records[slot] = replace(
        made.version("key-5", "2030-01-01T00:00:00Z", {}, written), state=State.SOFT_DELETED
    )
    assert made.report().comparisons[STORE].causes == {"not in the history": 1}
    made.history.append(
        {"k": "key-5", "made_at": "2030-01-01T00:00:00Z", "write_time": written, "is_deleted": True}
    )
    found = made.report()
    assert (found.different, found.comparisons[SOURCE].compared) == (0, 29)
    made.store.records[slot] = made.version("key-5", at, VALUES, row["write_time"])
    assert made.report().comparisons[STORE].different == len(COUNTED)


def test_rows_of_an_earlier_revision_are_named():
    made = world()
    sums = [replace(each, aggregate=replace(each.aggregate, window=2 * DAY)) for each in COUNTED]
    made.pipeline = replace(made.pipeline, revision=2, features=tuple(sums))
    source = made.report().comparisons[SOURCE]
    assert source.different > 0
    assert set(source.causes) == {"not published in this revision"}


@pytest.mark.parametrize("after", [0, 10 * MINUTE, 20 * MINUTE], ids=["0m", "10m", "20m"])
def test_a_too_short_available_after_is_measured(after):
    made = World(counted(hop=HOUR, available_after=after), stream(3, 20))
    dice, late, rows = random.Random(4), 0, 0
    for each in hourly(48):
        lag = dice.randrange(5, 20) * MINUTE - MINUTE // 2
        published = len(made.publish(each, changed=each.until + lag + MINUTE))
        late += published * (lag > after)
        rows += published
    found = made.report().timeliness
    assert (found.rows, found.late) == (rows, late)
    assert found.late_share == pytest.approx({0: 1, 10: 0.6, 20: 0}[after // MINUTE], abs=0.2)
    assert len(found.intervals) == 24
    newest_interval = found.intervals[0]
    assert newest_interval.p50_seconds <= newest_interval.p99_seconds <= found.p99_seconds


def test_intervals_that_a_person_computed_later_say_nothing_of_available_after():
    made = World(counted(hop=HOUR), stream(3, 20))
    for each in daily(3):
        made.publish(each, changed=each.until + 30 * DAY)
    made.now = BEGIN + 4 * DAY
    assert made.report().timeliness.rows == 0
    item = next(made.ledger.intervals("g", 1, 0))
    by_hand = replace(made.pipeline, schedule=Schedule(None))
    assert not was_looked_for(by_hand, replace(item, changed=item.interval.until))


def test_of_a_sample_all_features_of_a_key_are_seen_and_the_salt_chooses():
    made = world()
    asked = {salt: made.report(sample=10, salt=salt) for salt in ("a", "b")}
    assert all(each.keys == 10 for each in asked.values())
    keys = {salt: sampled(made, 10, salt) for salt in ("a", "b")}
    assert keys["a"] == sampled(made, 10, "a") != keys["b"]
    assert keys["a"] < sampled(made, 20, "a")
    assert made.report(sample=1).cells == 2 * len(COUNTED)


def sampled(made, size, salt):
    rows = made.rows(sample_query(FeatureTable.of(made.group), size, salt), "sample")
    return {row["k"] for row in rows}


@pytest.mark.parametrize("sample", [0, -1, 2001])
def test_a_sample_of_no_size_is_refused(sample):
    with pytest.raises(ValidationError, match="between 1 and 2000"):
        world(days=1).report(sample=sample)


def test_the_definition_says_how_large_the_sample_is():
    made = world()
    made.pipeline = replace(made.pipeline, consistency=Consistency(sample=3))
    assert made.report(sample=None).keys == 3


def test_a_pipeline_that_never_published_has_nothing_to_compare():
    found = world(days=0).report()
    assert (found.keys, found.cells, found.different_share) == (0, 0, 0.0)


def test_a_group_without_an_online_store_is_compared_with_its_source():
    made = world()
    made.group = replace(made.group, online=None)
    found = made.report()
    assert [each.compared for each in found.comparisons] == [0, 30]
    assert found.notes == ("the group has no online store: it was not compared",)


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("hop", [0, DAY], ids=["event", "every"])
def test_rows_of_some_identifiers_are_the_same_as_among_all(shape, hop):
    made = random_streams(list(range(12)), hop)
    asked = pipeline(all_functions([DAY]), hop)
    keys = sorted({each["k"] for each in made.events})[::2]
    every = on_duckdb(asked, made.events, made.interval, shape)
    some = on_duckdb(asked, made.events, made.interval, shape, keys=keys)
    assert some == {place: row for place, row in every.items() if place[0] in keys}
    assert 0 < len(some) < len(every)
    assert on_duckdb(asked, made.events, made.interval, shape, keys=[]) == {}


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        (FeatureType.STRING, ["it's", 'two"quotes', "-- no comment", "", "é"]),
        (FeatureType.INTEGRAL, [-3, 0, 2**62]),
        (FeatureType.FRACTIONAL, [0.1, -2.5, 1e300]),
    ],
    ids=["text", "whole", "fraction"],
)
def test_identifiers_of_every_type_are_literals(kind, keys):
    rows = [{"k": key, "t": BEGIN, "number": 1, "x": 1.0, "n": 1, "city": "x"} for key in keys]
    rows += [{**row, "t": BEGIN + 1} for row in rows]
    made = counted(hop=0, identifier_type=kind)
    asked = rows_at(made, dict.fromkeys(keys[1:], BEGIN), Shape.FRAME)
    with duckdb.connect() as database:
        database.execute("CREATE SCHEMA raw")
        database.register("given", pa.Table.from_pylist(rows))
        database.execute("CREATE TABLE raw.events AS SELECT * FROM given")
        found = database.execute(translated(asked, Dialect.DUCKDB)).to_arrow_table().to_pylist()
    assert sorted((row["k"], row["made_at"]) for row in found) == sorted(
        (key, BEGIN + 10 * MINUTE) for key in keys[1:]
    )


@pytest.mark.parametrize(
    ("left", "right", "counts"),
    [
        (1.0, 1.0 + 1e-12, (1, 0, 0)),
        (1, 1, (0, 0, 0)),
        (None, 0, (0, 1, 0)),
        (0, None, (0, 0, 1)),
        (None, None, (0, 0, 0)),
        (["a", "b"], ["a", "b"], (0, 0, 0)),
        (["a", "b"], ["b", "a"], (1, 0, 0)),
        ([], None, (0, 0, 1)),
        ("a", "A", (1, 0, 0)),
    ],
    ids=["near", "same", "missing", "extra", "none", "list", "order", "empty-list", "case"],
)
def test_cells_are_equal_only_where_they_are_the_same(left, right, counts):
    (found,) = compare([Pair("k", {"f": left}, {"f": right})], ["f"])
    assert (found.mismatch, found.missing, found.extra) == counts
    assert found.compared == 1


def test_a_standard_deviation_may_differ_by_a_billionth_of_itself():
    pairs = [Pair("a", {"f": 1e6}, {"f": 1e6 + 5e-4}), Pair("b", {"f": 1e6}, {"f": 1e6 + 5e-3})]
    (found,) = compare(pairs, ["f"], {"f"})
    assert [each.key for each in found.worst] == ["b"]


def test_the_worst_five_are_those_furthest_apart():
    pairs = [Pair(f"k{n}", {"f": 100.0}, {"f": 100.0 + n}) for n in range(10)]
    (found,) = compare([*pairs, Pair("absent", {}, {"f": 1.0})], ["f"])
    assert [each.key for each in found.worst] == ["absent", "k9", "k8", "k7", "k6"]
    assert found.smape == pytest.approx(45 / (2000 + 45))


@pytest.mark.parametrize(
    ("percent", "expected"), [(50, 5.0), (99, 10.0), (1, 1.0)], ids=["p50", "p99", "p1"]
)
def test_percentiles_are_the_nearest_rank_above(percent, expected):
    assert percentile([float(n) for n in range(1, 11)], percent) == expected
    assert percentile([], percent) is None
