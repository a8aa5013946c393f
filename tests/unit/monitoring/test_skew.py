"""M5: served vectors against the history, as of each answer; a seeded corruption is measured."""

import json
import random
from dataclasses import replace

import pyarrow as pa
import pytest

from larder.as_of.oracle import Cut, History, Label, as_of_join
from larder.errors import ValidationError
from larder.event_time import NANOS, iso_millis, nanos_to_iso
from larder.models.served import FeatureSpec, ModelInput, SourceKind
from larder.monitoring.run import Watched
from larder.monitoring.skew import SkewCheck
from larder.monitoring.window import Cadence, Window
from larder.offline.feature_table import TableVersion
from larder.offline.rows import OfflineRow
from tests.support.as_of import START, arrow_on_duckdb, group, history_table
from tests.support.monitoring import model

SECOND = 1_000_000
BEGIN = START * SECOND
WINDOW = Window(Cadence.ASKED, BEGIN, BEGIN + 100_000 * SECOND)
CITIES = ("Bern", "Rom", "Wien")
UNITS, ANSWERS = 300, 1_000


def feature(name, kind, source="Fractional", **more):
    return ModelInput(
        name=name,
        source=SourceKind.FEATURE_GROUP,
        type=source,
        group="group-0",
        feature=kind,
        key="customer",
        **more,
    )


INPUTS = (
    feature("clicks", "Clicks", "Integral"),
    feature("score", "score"),
    feature("city", "city", "String", categories=CITIES),
    ModelInput(name="amount", source=SourceKind.REQUEST, type="Fractional"),
    replace(feature("other", "score"), key="partner"),
)
SERVED = replace(
    model(*"abcde"),
    features=FeatureSpec(inputs=INPUTS, unit="customer", sha256="of this test"),
)
WATCHED = Watched("A", False, SERVED)


class World:
    def __init__(self, seed, *, text=True):
        self.random, self.table = random.Random(seed), group(0, text=text)
        self.history = [
            self._version(unit, self.random.randrange(40_000))
            for unit in range(UNITS)
            for _ in range(3)
        ]
        self.rows = [self._answer(number) for number in range(ANSWERS)]

    def _version(self, unit, second):
        values = (
            f"c{unit}",
            self._event(second),
            self.random.choice([None, *range(50)]),
            self.random.choice([None, self.random.gauss(0, 10)]),
            self.random.choice(CITIES),
        )
        return OfflineRow(
            identifier=values[0],
            event_time=values[1],
            write_time=BEGIN + (second + self.random.randrange(30_000)) * SECOND,
            invocation_time=BEGIN,
            is_deleted=False,
            values=values,
        )

    def _event(self, second):
        is_text = self.table.event_time_type.value == "String"
        return nanos_to_iso((START + second) * NANOS) if is_text else float(START + second)

    def _answer(self, number):
        """An exposure as serving makes it: of what had been written by then."""
        unit, micros = f"c{self.random.randrange(UNITS)}", self.random.randrange(90_000) * SECOND
        history = History(
            [each for each in self.history if each.identifier == unit],
            self.table.event_time_type,
            {"clicks": 2, "score": 3, "city": 4},
            Cut(as_known_then=True),
        )
        [found] = as_of_join([Label((BEGIN + micros) * 1000, (unit,))], [history])
        city = None if found["city"] is None else float(CITIES.index(found["city"]))
        return {
            "exposure_id": f"i{number}/0",
            "unit": unit,
            "unit_source": "instance",
            "endpoint": "scoring",
            "variant": "A",
            "shadow": 0,
            "artefact_sha256": "abc",
            "answered_at": iso_millis(BEGIN + micros),
            "inputs": [found["clicks"], found["score"], city, 1.0, 2.0],
            "statuses": None,
        }

    def corrupt(self, share):
        """So many of the cells that are compared get another value."""
        cells = [(row, column) for row in range(ANSWERS) for column in range(3)]
        chosen = self.random.sample(cells, round(share * len(cells)))
        for number, (row, column) in enumerate(chosen):
            before = self.rows[row]["inputs"][column]
            after = 77.5 if before is None else None if number % 2 else before + 100.0
            self.rows[row]["inputs"][column] = after
        return len(chosen)

    def rows_of(self, sql):
        schema = {"inputs": pa.list_(pa.float64()), "shadow": pa.int64()}
        columns = {
            name: pa.array([row[name] for row in self.rows], schema.get(name, pa.string()))
            for name in self.rows[0]
        }
        tables = {
            "exposures": pa.table(columns),
            self.table.table: history_table(self.table, self.history),
        }
        found = arrow_on_duckdb(sql, tables)
        return [
            [None if cell is None else str(cell) for cell in row.values()]
            for row in found.to_pylist()
        ]

    def check(self, sample=ANSWERS, salt="s"):
        world = self

        class Queries:
            def rows(self, sql):
                return world.rows_of(sql)

        class Versions:
            def current(self, table):
                return TableVersion(None, frozenset(each.name.lower() for each in table.features))

        check = SkewCheck(Queries(), "larder_dev", lambda _: self.table, Versions())
        return check.run("scoring", WATCHED, WINDOW, sample, salt)


@pytest.mark.parametrize("text", [True, False], ids=["texts", "seconds"])
def test_what_was_served_is_what_the_history_gives(text):
    found = World(1, text=text).check()
    assert (found.sampled, found.different_share) == (ANSWERS, 0.0)
    assert [each.feature for each in found.features] == ["clicks", "score", "city"]
    assert all(each.compared == ANSWERS for each in found.features)


def test_m5_a_seeded_corruption_of_one_percent_is_measured():
    world = World(2)
    corrupted = world.corrupt(0.01)
    found = world.check()
    assert abs(found.different_share - 0.01) <= 0.002
    assert sum(each.different for each in found.features) == corrupted
    kinds = [
        sum(getattr(each, kind) for each in found.features)
        for kind in ("mismatch", "missing", "extra")
    ]
    assert all(kinds)
    assert all(each.smape for each in found.features[:1])


def test_a_sample_is_the_same_for_the_same_salt():
    world = World(3)
    world.corrupt(0.3)
    first, same, other = (world.check(200, salt) for salt in ("a", "a", "b"))
    assert first == same
    assert first.sampled == 200
    assert other.features != first.features


def test_inputs_that_can_not_be_compared_say_why():
    found = World(4).check(10)
    assert found.uncompared == {
        "amount": "the request gives it",
        "other": "exposures do not name the record of partner",
    }


def test_a_value_that_the_caller_gave_or_a_policy_put_is_not_taken_for_the_stores():
    world = World(5)
    for row in world.rows:
        row["inputs"][0] = 12_345.0
        row["statuses"] = json.dumps({"clicks": "OVERRIDDEN"})
    clicks, score, _ = world.check().features
    assert (clicks.compared, score.compared) == (0, ANSWERS)


def test_a_feature_that_the_group_has_lost_is_named():
    world = World(6)
    world.table = replace(world.table, features=world.table.features[:3])
    with pytest.raises(ValidationError, match="score"):
        world.check(5)
