"""Feature pipelines in tests: random events, and the rules read literally, without SQL."""

import math
import random
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from larder.groups.feature_group import CollectionType, FeatureType
from larder.pipelines.definition import (
    Aggregate,
    ComputedFeature,
    Function,
    Pipeline,
    Source,
    TimeUnit,
)
from larder.pipelines.dialects import Dialect, translated
from larder.pipelines.durations import DAY, HOUR, MINUTE, SECOND
from larder.pipelines.sql.statement import Interval, Shape, statement

TABLE = "raw.events"
SQL = {
    None: lambda event: 1,
    "x": lambda event: event["x"],
    "n": lambda event: event["n"],
    "city": lambda event: event["city"],
    "x > 10": lambda event: None if event["x"] is None else event["x"] > 10,
    "city <> 'x'": lambda event: None if event["city"] is None else event["city"] != "x",
}
"""What the definitions of tests take of an event, by its SQL."""
SCHEMA = pa.schema(
    [
        ("k", pa.string()),
        ("t", pa.int64()),
        ("number", pa.int64()),
        ("x", pa.float64()),
        ("n", pa.int64()),
        ("city", pa.string()),
    ]
)
# around the epoch, an ordinary day, and the days on which New York's clocks change
STARTS = (0, 1_700_000_000, 1_362_880_800, 1_383_454_800)


_TYPES = {
    Function.COUNT: FeatureType.INTEGRAL,
    Function.DISTINCT: FeatureType.INTEGRAL,
    Function.LAST: FeatureType.STRING,
    Function.LAST_N: FeatureType.STRING,
}


def feature(name, function, window, of=None, *, type=None, **more):
    kind = type or _TYPES.get(function, FeatureType.FRACTIONAL)
    where, scale, n = more.get("where"), more.get("scale", 0), more.get("n", 1)
    many = CollectionType.LIST if function is Function.LAST_N else None
    return ComputedFeature(name, kind, many, Aggregate(function, window, of, where, scale, n))


def all_functions(windows):
    """Every function over each of the windows."""
    integral, text = {"type": FeatureType.INTEGRAL}, {"type": FeatureType.STRING}
    for window in windows:
        w = f"_{window // MINUTE}"
        yield feature("count" + w, Function.COUNT, window)
        yield feature("big" + w, Function.COUNT, window, where="x > 10")
        yield feature("given" + w, Function.COUNT, window, "x")
        yield feature("sum" + w, Function.SUM, window, "x", scale=2)
        yield feature("rough" + w, Function.SUM, window, "x", where="city <> 'x'", scale=1)
        yield feature("whole" + w, Function.SUM, window, "n", **integral)
        yield feature("avg" + w, Function.AVG, window, "x", scale=2)
        yield feature("mean" + w, Function.AVG, window, "n")
        yield feature("stddev" + w, Function.STDDEV, window, "x", scale=2)
        yield feature("rate" + w, Function.RATE, window, "x > 10")
        yield feature("part" + w, Function.RATE, window, "x > 10", where="city <> 'x'")
        yield feature("least" + w, Function.MIN, window, "x")
        yield feature("most" + w, Function.MAX, window, "n", **integral)
        yield feature("name" + w, Function.MAX, window, "city", **text)
        yield feature("cities" + w, Function.DISTINCT, window, "city")
        yield feature("last" + w, Function.LAST, window, "city")
        yield feature("last3" + w, Function.LAST_N, window, "city", n=3)
    yield ComputedFeature("newest", FeatureType.STRING, latest="city")
    yield ComputedFeature("newest_n", FeatureType.INTEGRAL, latest="n")


def pipeline(features, hop=0, **more):
    """A pipeline over ``TABLE``."""
    source = Source(table=TABLE, time="t", unit=TimeUnit.MICROSECONDS, order=("number",))
    given = {"group": "g", "identifier": "k", "identifier_type": FeatureType.STRING}
    given |= {"event_time": "made_at", "source": source, "features": tuple(features), "hop": hop}
    return Pipeline(**given | more)


@dataclass(frozen=True)
class Stream:
    """Events in the order in which they were committed, and an interval to compute."""

    events: list
    interval: Interval


def random_stream(seed, hop=0, start=None):
    """Few or many events with ties, nulls, copies, and instants on the edges of everything."""
    dice = random.Random(seed)
    base = (dice.choice(STARTS) if start is None else start) * SECOND
    span = dice.choice([2 * DAY, 20 * DAY])
    grain = dice.choice([1, SECOND, 10 * MINUTE, HOUR])
    events = [
        {
            "k": dice.choice("abc"),
            "t": base + dice.randrange(-span, span) // grain * grain,
            "number": number,
            "x": _number(dice),
            "n": None if dice.random() < 0.2 else dice.randrange(-9, 10**6),
            "city": None if dice.random() < 0.15 else dice.choice(["x", "y", "z", "é"]),
        }
        for number in range(dice.choice([0, 1, 2, 30, 120]))
    ]
    events += dice.sample(events, len(events) // 10)  # sent twice
    dice.shuffle(events)
    unit = hop or 1
    after = (base + dice.choice([-span, 0, 1, -HOUR // 2])) // unit * unit
    length = dice.choice([HOUR, DAY, 3 * DAY, 2 * span])
    return Stream(events, Interval(after, (after + length + unit - 1) // unit * unit))


def random_streams(seeds, hop=0):
    """Several random streams in one: each has identifiers of its own, and all start together."""
    start = random.Random(seeds[0]).choice(STARTS)
    streams = [random_stream(seed, hop, start) for seed in seeds]
    events = [
        {**event, "k": f"{place}-{event['k']}"}
        for place, stream in enumerate(streams)
        for event in stream.events
    ]
    return Stream(events, streams[0].interval)


def _number(dice):
    if dice.random() < 0.2:
        return None
    near = dice.choice([dice.uniform(-50, 100), 0.0, 10.0, dice.randrange(-(10**6), 10**6) / 100])
    return round(near, 3)


def expected(pipeline, events, interval):
    """The rows by identifier and point, each as a dictionary: loops over the rules."""
    unique = {(e["k"], e["t"], e["number"]): e for e in events}
    by_key = {}
    for event in unique.values():
        by_key.setdefault(event["k"], []).append(event)
    return {
        (key, point): _row(pipeline, of_key, point)
        for key, of_key in by_key.items()
        for point in _points(pipeline, of_key)
        if interval.after < point <= interval.until
    }


def _points(pipeline, events):
    hop = pipeline.hop
    if not hop:
        return {event["t"] for event in events}
    ends = {-(-event["t"] // hop) * hop for event in events}
    return {end + later for end in ends for later in (0, *pipeline.windows)}


def _row(pipeline, events, point):
    seen = sorted((e for e in events if e["t"] <= point), key=lambda e: (e["t"], e["number"]))
    return {each.name: _computed(each, seen, point) for each in pipeline.features}


def _computed(feature, seen, point):
    if feature.aggregate is None:
        return SQL[feature.latest](seen[-1])
    asked = feature.aggregate
    within = [e for e in seen if point - asked.window < e["t"]]
    if asked.where:
        within = [e for e in within if SQL[asked.where](e)]
    values = [v for e in within if (v := SQL[asked.of](e)) is not None]
    return _value(feature, asked, values)


def _value(feature, asked, values):
    match asked.function:
        case Function.COUNT:
            return len(values)
        case Function.DISTINCT:
            return len(set(values))
        case Function.LAST_N:
            return values[::-1][: asked.n]
    if not values:
        return None
    match asked.function:
        case Function.MIN:
            return min(values)
        case Function.MAX:
            return max(values)
        case Function.LAST:
            return values[-1]
        case Function.RATE:
            return values.count(True) / len(values)
    unit = 10**asked.scale
    fixed = [_rounded(value * unit) for value in values]
    total, count = sum(fixed), len(fixed)
    match asked.function:
        case Function.SUM:
            return total if feature.type is FeatureType.INTEGRAL else float(total) / float(unit)
        case Function.AVG:
            return float(total) / float(unit) / float(count)
    if count < 2:
        return None
    spread = sum(each * each for each in fixed) * count - total * total
    return math.sqrt(float(spread) / float(count) / float(count - 1)) / float(unit)


def _rounded(value):
    """Halves go away from zero."""
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


def on_duckdb(
    pipeline, events, interval, shape=Shape.FRAME, columns="*", zone="Asia/Tokyo", *, keys=None
):
    """The rows that the statement gives on DuckDB, in the form of ``expected``.

    ``columns`` may be SQL that turns the events' own into others.
    """
    text = translated(statement(pipeline, interval, shape, keys=keys), Dialect.DUCKDB)
    with duckdb.connect() as database:
        database.execute(f"SET threads = 1; SET TimeZone = '{zone}'")
        database.execute("CREATE SCHEMA raw")
        database.register("given", pa.Table.from_pylist(events, SCHEMA))
        database.execute(f"CREATE TABLE {TABLE} AS SELECT {columns} FROM given")
        return by_point(database.execute(text).to_arrow_table().to_pylist())


def by_point(rows):
    """Rows by identifier and point."""
    found = {(row.pop("k"), row.pop("made_at")): row for row in rows}
    assert len(found) == len(rows)
    return found
