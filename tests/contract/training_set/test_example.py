"""The example trains on real flights: the honest join holds what it promises, the leak does not."""

import re

import pytest

from examples import training_set
from larder.declared.files import load_definitions
from larder.groups.feature_group import FeatureDefinition, FeatureType
from larder.offline.rows import OfflineRow
from tests.support.flights import FEATURES, records
from tests.support.offline import WRITTEN

DAYS = ("2013-01-05", "2013-01-06")
CAST = {FeatureType.STRING: str, FeatureType.INTEGRAL: int, FeatureType.FRACTIONAL: float}


def features_of(definition):
    """A definition's features, identifier and event time first as the bench wants them."""
    first = (definition["RecordIdentifierFeatureName"], definition["EventTimeFeatureName"])
    every = [
        FeatureDefinition(each["FeatureName"], FeatureType(each["FeatureType"]))
        for each in definition["FeatureDefinitions"]
    ]
    return sorted(every, key=lambda each: first.index(each.name) if each.name in first else 2)


def row_of(record, features, number):
    values = tuple(CAST[f.type](record[f.name]) if f.name in record else None for f in features)
    return OfflineRow(values[0], values[1], WRITTEN + number, WRITTEN, False, values)


@pytest.fixture
def flights(bench, monkeypatch):
    """The example's groups with two days of records, without a deployed platform."""
    given = records(DAYS[0], "2013-01-07")
    for definition in (each["Request"] for each in load_definitions(FEATURES)):
        name = definition["FeatureGroupName"]
        if name not in given:
            continue
        features = features_of(definition)
        rows = [row_of(record, features, n) for n, record in enumerate(given[name])]
        bench.group(features, rows, name=name)
    monkeypatch.setattr("larder.connect", lambda: bench.platform)


@pytest.mark.parametrize("engine", ["duckdb"])
def test_the_honest_join_keeps_its_promise_and_the_leak_does_not(flights, capsys, engine):
    training_set.main(["--first", DAYS[0], "--last", DAYS[1], "--engine", engine])

    printed = capsys.readouterr().out
    honest, leaking = re.findall(r"(\d\.\d{3})\s+(\d\.\d{3})$", printed, re.MULTILINE)
    assert honest[0] == honest[1]
    assert float(leaking[0]) > float(honest[0])
    assert float(leaking[0]) - float(leaking[1]) > 0.1
