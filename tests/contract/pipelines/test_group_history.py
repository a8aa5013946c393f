"""A group's history as events, by the local Athena: what was written twice counts once."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pyarrow as pa
import pytest

from larder.as_of.athena import unload
from larder.errors import ValidationError
from larder.groups.feature_group import FeatureDefinition, FeatureType
from larder.pipelines.definition import Source
from larder.pipelines.dialects import Dialect
from larder.pipelines.durations import DAY, HOUR, SECOND
from larder.pipelines.group_history import over_history
from larder.pipelines.sql.statement import Interval, newest_statement, statement
from tests.support.groups import OFFLINE, feature_group
from tests.support.pipelines import all_functions, by_point, expected, pipeline, random_streams

EVERYTHING = Interval(-(10**15), 2 * 10**15)
EPOCH = datetime(1970, 1, 1)
TEXT, NUMBER = FeatureType.STRING, FeatureType.FRACTIONAL
FEATURES = {"number": TEXT, "k": TEXT, "x": NUMBER, "n": FeatureType.INTEGRAL, "city": TEXT}


def text(micros):
    """Any of the forms in which the same instant may be written."""
    whole = (EPOCH + timedelta(microseconds=micros)).isoformat(timespec="milliseconds")
    return f"{whole.removesuffix('.000')}Z"


TIMES = {FeatureType.STRING: text, FeatureType.FRACTIONAL: lambda micros: micros / SECOND}


def group_of(kind, name):
    features = [FeatureDefinition(each, type) for each, type in FEATURES.items()]
    return feature_group(
        name="events",
        record_identifier_name="number",
        event_time_name="t",
        features=(*features, FeatureDefinition("t", kind)),
        offline=replace(OFFLINE, table=name),
    )


def events_in_milliseconds():
    found = {
        (each["number"], each["k"]): {**each, "t": each["t"] // 1000 * 1000}
        for each in random_streams(list(range(20))).events
    }
    return [{**each, "number": str(place)} for place, each in enumerate(found.values())]


def history(events, kind, dice):
    """The events among what they were before, repeated deliveries, and deletions."""
    rows = []
    for each in events:
        row = {**each, "t": TIMES[kind](each["t"]), "is_deleted": False, "written": 10}
        rows.append(row)
        chance = dice.random()
        if chance < 0.2:
            rows.append({**row, "x": 77.0, "city": "gone", "k": "other", "written": 9})
        elif chance < 0.3:
            rows.append(dict(row))
        elif chance < 0.4:
            gone = {"x": None, "n": None, "city": None, "k": None, "is_deleted": True}
            rows.append({**row, **gone, "written": 11})
    dice.shuffle(rows)
    written = [EPOCH + timedelta(days=20_000, seconds=each.pop("written")) for each in rows]
    return (
        pa.Table.from_pylist(rows)
        .append_column("write_time", pa.array(written, pa.timestamp("us")))
        .append_column("api_invocation_time", pa.array(written, pa.timestamp("us")))
    )


@pytest.mark.parametrize("kind", TIMES)
@pytest.mark.parametrize("hop", [0, DAY])
def test_a_group_s_history_gives_each_event_once(lake, tmp_path, kind, hop):
    name = f"events_{kind.lower()}_{hop}"
    events = events_in_milliseconds()
    lake.add_iceberg_table(name, history(events, kind, random.Random(hop)))
    asked = pipeline(
        all_functions([DAY]), hop, source=Source(group="events", time="T", order=("number",))
    )
    reads = over_history(asked, group_of(kind, name))
    assert reads.source.reads == (f"larder_dev.{name}",)
    assert reads.source.instants == ((f"larder_dev.{name}", "t"),)

    lake.run(unload(statement(reads, EVERYTHING, Dialect.ATHENA.shape), f"s3://lake/out/{name}/"))

    found = by_point(lake.read(f"out/{name}/", tmp_path))
    assert len(found) > 100
    counted = [{**each, "number": int(each["number"])} for each in events]
    assert found == expected(replace(asked, source=pipeline(()).source), counted, EVERYTHING)


def test_the_newest_event_of_a_group_is_no_deletion(lake, tmp_path):
    rows = history(
        [{"number": "1", "k": "a", "x": 1.0, "n": 1, "city": "x", "t": HOUR}],
        TEXT,
        random.Random(1),
    )
    gone = rows.set_column(
        rows.column_names.index("t"), "t", pa.array([text(2 * HOUR)] * len(rows))
    )
    gone = gone.set_column(
        rows.column_names.index("is_deleted"), "is_deleted", pa.array([True] * len(rows))
    )
    lake.add_iceberg_table("newest_of_group", pa.concat_tables([rows, gone]))
    asked = pipeline((), source=Source(group="events", time="t"))
    reads = over_history(asked, group_of(TEXT, "newest_of_group"))
    lake.run(unload(newest_statement(reads, Interval(0, DAY), DAY), "s3://lake/out/newest_group/"))
    assert lake.read("out/newest_group/", tmp_path) == [{"newest": HOUR}]


@pytest.mark.parametrize(
    ("changes", "time", "words"),
    [
        ({"offline": None}, "t", "has no offline store"),
        ({}, "x", "source.time: 'x' of g must be t, the event time of feature group events"),
    ],
    ids=["no-history", "another-time"],
)
def test_a_group_that_can_t_be_read_is_refused_in_words(changes, time, words):
    group = replace(group_of(TEXT, "any"), **changes)
    with pytest.raises(ValidationError, match=words):
        over_history(pipeline((), source=Source(group="events", time=time)), group)
