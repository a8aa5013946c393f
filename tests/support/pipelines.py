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
        ("at", pa.int64()),
        ("number", pa.int64()),
        ("x", pa.float64()),
        ("n", pa.int64()),
        ("city", pa.string()),
    ]
)
# around the epoch, an ordinary day, and the days on which New York's clocks change
STARTS = (0, 1_700_000_000, 1_362_880_800, 1_383_454_800)


def feature(name, function, window, of=None, *, type=FeatureType.FRACTIONAL, **more):
    where, scale, n = more.get("where"), more.get("scale", 0), more.get("n", 1)
    many = CollectionType.LIST if function is Function.LAST_N else None
    return ComputedFeature(name, type, many, Aggregate(function, window, of, where, scale, n))


def all_functions(windows):
    """Every function over each of the windows."""
    integral, text = {"type": FeatureType.INTEGRAL}, {"type": FeatureType.STRING}
    for window in windows:
        w = f"_{window // MINUTE}"
        yield feature("count" + w, Function.COUNT, window, **integral)
        yield feature("big" + w, Function.COUNT, window, where="x > 10", **integral)
        yield feature("given" + w, Function.COUNT, window, "x", **integral)
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
        yield feature("cities" + w, Function.DISTINCT, window, "city", **integral)
        yield feature("last" + w, Function.LAST, window, "city", **text)
        yield feature("last3" + w, Function.LAST_N, window, "city", n=3, **text)
    yield ComputedFeature("newest", FeatureType.STRING, latest="city")
    yield ComputedFeature("newest_n", FeatureType.INTEGRAL, latest="n")


def pipeline(features, hop=0, **more):
    """A pipeline over ``TABLE``."""
    source = Source(table=TABLE, time="at", unit=TimeUnit.MICROSECONDS, order=("number",))
    given = {"group": "g", "identifier": "k", "identifier_type": FeatureType.STRING}
    return Pipeline(
        **{**given, "event_time": "T", "source": source, "features": tuple(features), "hop": hop}
        | more
    )


@dataclass(frozen=True)
class Stream:
    """Events in the order in which they were committed, and an interval to compute."""

    events: list
    interval: Interval


def random_stream(seed, hop=0):
    """Few or many events with ties, nulls, copies, and instants on the edges of everything."""
    dice = random.Random(seed)
    base = dice.choice(STARTS) * SECOND
    span = dice.choice([2 * DAY, 20 * DAY])
    grain = dice.choice([1, SECOND, 10 * MINUTE, HOUR])
    events = [
        {
            "k": dice.choice("abc"),
            "at": base + dice.randrange(-span, span) // grain * grain,
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


def _number(dice):
    if dice.random() < 0.2:
        return None
    near = dice.choice([dice.uniform(-50, 100), 0.0, 10.0, dice.randrange(-(10**6), 10**6) / 100])
    return round(near, 3)


def expected(pipeline, events, interval):
    """The rows by identifier and point, each as a dictionary: loops over the rules."""
    unique = {(e["k"], e["at"], e["number"]): e for e in events}
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
        return {event["at"] for event in events}
    ends = {-(-event["at"] // hop) * hop for event in events}
    return {end + later for end in ends for later in (0, *pipeline.windows)}


def _row(pipeline, events, point):
    seen = sorted((e for e in events if e["at"] <= point), key=lambda e: (e["at"], e["number"]))
    return {each.name: _computed(each, seen, point) for each in pipeline.features}


def _computed(feature, seen, point):
    if feature.aggregate is None:
        return SQL[feature.latest](seen[-1])
    asked = feature.aggregate
    within = [e for e in seen if point - asked.window < e["at"]]
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


def on_duckdb(pipeline, events, interval, shape=Shape.FRAME):
    """The rows that the statement gives on DuckDB, in the form of ``expected``."""
    text = translated(statement(pipeline, interval, shape), Dialect.DUCKDB)
    with duckdb.connect() as database:
        database.execute("SET threads = 1; SET TimeZone = 'Asia/Tokyo'")
        database.execute("CREATE SCHEMA raw")
        database.register("given", pa.Table.from_pylist(events, SCHEMA))
        database.execute(f"CREATE TABLE {TABLE} AS SELECT * FROM given")
        return by_point(database.execute(text).to_arrow_table().to_pylist())


def by_point(rows):
    """Rows by identifier and point."""
    found = {(row.pop("k"), row.pop("T")): row for row in rows}
    assert len(found) == len(rows)
    return found


def later(events, by):
    """The events, all so much later."""
    return [{**event, "at": event["at"] + by} for event in events]
