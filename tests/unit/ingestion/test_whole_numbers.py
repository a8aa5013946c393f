"""Whole numbers that a frame has as floats or decimals, by both ways in: ingestion and put_many.

pandas makes floats of a column of whole numbers where one is missing.
"""

from decimal import Decimal

import numpy as np
import orjson
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from larder.errors import ValidationError
from larder.groups.feature_group import CollectionType, FeatureDefinition, FeatureType
from larder.records.codec import unpack
from tests.support.direct import records_client
from tests.support.groups import feature_group
from tests.support.ingestion import BOTH, Bench
from tests.support.offline import rows_in, sql_catalog

DAY = "9000-01-01T00:00:00Z"
INTEGRAL, STRING, FRACTIONAL = FeatureType.INTEGRAL, FeatureType.STRING, FeatureType.FRACTIONAL
FRAMES = {
    "pandas": pd.DataFrame,
    "polars": lambda columns: pl.DataFrame(columns, strict=False),
    "numpy": lambda columns: {name: np.array(cells) for name, cells in columns.items()},
    "arrow of doubles": lambda columns: _arrow(columns, pa.float64()),
    "arrow of singles": lambda columns: _arrow(columns, pa.float32()),
    "arrow of decimals": lambda columns: _arrow(columns, pa.decimal128(12, 2)),
}
MISSING = float("nan")


def _arrow(columns, kind):
    return pa.table(
        {name: _column(cells, kind) for name, cells in columns.items()}
        | {"event_time": columns["event_time"]}
    )


def _column(cells, kind):
    cells = [None if cell is MISSING else cell for cell in cells]
    if not all(cell is None or isinstance(cell, float) for cell in cells):
        return pa.array(cells)
    if pa.types.is_decimal(kind):
        cells = [None if cell is None else Decimal(str(cell)) for cell in cells]
    return pa.array(cells, kind)


def group_of(identifier, *more):
    features = (
        FeatureDefinition("customer_id", identifier),
        FeatureDefinition("event_time", STRING),
        FeatureDefinition("clicks", INTEGRAL),
        FeatureDefinition("city", STRING),
        *more,
    )
    return feature_group(features=features)


def put_many(group, frame, folder):
    """What put_many stores, by identifier, and which rows it refuses."""
    client = records_client(group)
    outcome = client.put_many("customers", frame)
    identifiers = client.list("customers")
    found = client.get_many("customers", identifiers)
    stored = {str(each["customer_id"]): each.get("clicks") for each in found if each}
    return stored, [place for place, _ in outcome.errors], [str(e) for _, e in outcome.errors]


def ingest(group, frame, folder):
    """What ingestion stores online, which is what it stores offline too."""
    with sql_catalog(folder) as catalog:
        bench = Bench(catalog, folder, features=group.features)
        bench.ingest(frame, targets=BOTH)
        rejects = [orjson.loads(line) for line in _lines(bench.rejects)]
        online = {
            slot.identifier: _clicks(version.packed)
            for slot, version in bench.store.records.items()
        }
        offline = {str(row["customer_id"]): row["clicks"] for row in rows_in(catalog, bench.group)}
        assert online == offline
        return online, [each["row"] for each in rejects], [each["reason"] for each in rejects]


def _lines(path):
    return path.read_text().splitlines() if path.exists() else []


def _clicks(packed):
    row = unpack(packed)
    return int(row[2]) if len(row) > 2 and row[2] is not None else None


WAYS = pytest.mark.parametrize("way", [put_many, ingest])
EVERY_FRAME = pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)


@WAYS
@EVERY_FRAME
def test_p5_whole_floats_are_whole_numbers_and_others_are_refused_alone(way, frame, tmp_path):
    given = frame(
        {
            "customer_id": [701.0, 702.0, 703.0, 704.5],
            "event_time": [DAY] * 4,
            "clicks": [1.0, MISSING, 2.5, 3.0],
        }
    )
    stored, refused, reasons = way(group_of(INTEGRAL), given, tmp_path)
    assert stored == {"701": 1, "702": None}
    assert refused == [2, 3]
    assert "'clicks'" in reasons[0] and "'2.5" in reasons[0]
    assert "'customer_id'" in reasons[1] and "'704.5" in reasons[1]


@EVERY_FRAME
def test_a_row_that_is_judged_by_itself_has_the_same_whole_numbers(frame, tmp_path):
    """Rows of a group with a Set are judged one by one."""
    columns = {"customer_id": [701.0, 702.0], "event_time": [DAY] * 2, "clicks": [1.0, MISSING]}
    words = FeatureDefinition("words", STRING, CollectionType.SET)
    given = pa.table(_as_arrow(frame(columns)) | {"words": pa.array([["a", "a"], None])})
    stored, refused, _ = ingest(group_of(INTEGRAL, words), given, tmp_path)
    assert (stored, refused) == ({"701": 1, "702": None}, [])


def _as_arrow(frame):
    if isinstance(frame, pd.DataFrame):
        frame = pa.Table.from_pandas(frame)
    elif isinstance(frame, pl.DataFrame):
        frame = frame.to_arrow()
    elif isinstance(frame, dict):
        frame = pa.table(frame)
    return {name: frame.column(name) for name in frame.column_names}


@pytest.mark.parametrize("items", [[1.0, 2.0], [Decimal("1.00"), Decimal(2)]])
def test_lists_of_whole_floats_are_lists_of_whole_numbers(items, tmp_path):
    places = FeatureDefinition("places", INTEGRAL, CollectionType.LIST)
    given = pa.table({"customer_id": [1], "event_time": [DAY], "places": [items]})
    group = group_of(INTEGRAL, places)
    with sql_catalog(tmp_path) as catalog:
        bench = Bench(catalog, tmp_path, features=group.features)
        assert bench.ingest(given).rejected == 0
        assert [row["places"] for row in rows_in(catalog, bench.group)] == [[1, 2]]
    client = records_client(group)
    assert client.put_many("customers", given).errors == []
    assert client.get("customers", 1)["places"] == [1, 2]


@EVERY_FRAME
def test_floats_identify_no_text_by_put_many(frame):
    given = frame({"customer_id": [701.0, 702.5], "event_time": [DAY] * 2})
    client = records_client(group_of(STRING))
    outcome = client.put_many("customers", given)
    refused = [str(error) for _, error in outcome.errors]
    assert len(refused) == 2
    assert all("701.0 would be another record than 701" in each for each in refused)


@pytest.mark.parametrize("identifier", [701.0, np.float64(701), np.float32(701), Decimal("701.00")])
def test_floats_identify_no_text_by_any_other_call(identifier):
    client = records_client(group_of(STRING))
    for call in (
        lambda: client.put("customers", {"customer_id": identifier, "event_time": DAY}),
        lambda: client.get("customers", identifier),
        lambda: client.get_many("customers", [identifier]),
        lambda: client.delete("customers", identifier, DAY),
    ):
        with pytest.raises(ValidationError, match=r"give whole numbers or texts"):
            call()
    for whole in ("701", 701, np.int64(701)):
        client.put("customers", {"customer_id": whole, "event_time": DAY})
    assert list(client.list("customers")) == ["701"]


@WAYS
def test_a_float_of_a_text_that_is_no_identifier_is_the_text_that_pandas_shows(way, tmp_path):
    given = pd.DataFrame({"customer_id": [701, 702], "event_time": [DAY] * 2, "city": [5, None]})
    group = group_of(INTEGRAL)
    if way is put_many:
        client = records_client(group)
        client.put_many("customers", given)
        found = client.get("customers", 701)["city"], client.get("customers", 702).get("city")
    else:
        with sql_catalog(tmp_path) as catalog:
            bench = Bench(catalog, tmp_path, features=group.features)
            bench.ingest(given)
            found = tuple(row["city"] for row in rows_in(catalog, bench.group))
    assert found == ("5.0", None)
