"""Rows in bulk are taken, refused and packed exactly as a PutRecord of each would be."""

import math
import struct

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from larder.errors import ValidationError
from larder.event_time import EventTimeType, parse_event_time
from larder.groups.feature_group import CollectionType, FeatureDefinition, FeatureType
from larder.ingestion.adapters.event_times import event_key, event_keys, is_event_time
from larder.ingestion.adapters.packing import Packer
from larder.ingestion.adapters.rows import PACKED, ROW, BulkRows, text_of
from larder.records.codec import pack
from larder.records.values import checked_features, complete
from larder.records.versions import Stamp, live_version
from larder.tabular.batches import Batch
from tests.support.examples import examples
from tests.support.groups import feature_group

PACKER = Packer()
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
NUMBERS = st.one_of(
    st.integers(-(2**64), 2**64).map(str),
    st.floats().map(repr),
    st.sampled_from(["", "01", "+5", "-0", "1.", ".5", "1e400", "1e99", "1_0", " 1", "1\n", "٣"]),
    TEXTS,
)
DAYS = st.sampled_from(["2024-02-29", "2023-02-29", "2000-02-29", "1900-02-29", "2024-04-31",
                        "2024-12-31", "0000-01-01", "9999-12-31", "2024-13-01"])  # fmt: skip
CLOCKS = st.sampled_from(["T00:00:00Z", "T23:59:59.999999999Z", "T24:00:00Z", "T12:00:00.5Z",
                          "T12:00:60Z", "T12:00:00", "T12:00:00.1234567890Z", "T12:00:00.Z"])  # fmt: skip
EVENT_TIMES = st.one_of(st.tuples(DAYS, CLOCKS).map("".join), TEXTS)
SECONDS = st.one_of(st.floats(), st.floats(-7e10, 3e11), st.integers(-(10**12), 10**12).map(float))
LISTS = st.none() | st.lists(st.none() | NUMBERS, max_size=4)
FEATURES = (
    FeatureDefinition("customer_id", FeatureType.STRING),
    FeatureDefinition("event_time", FeatureType.STRING),
    FeatureDefinition("clicks", FeatureType.INTEGRAL),
    FeatureDefinition("score", FeatureType.FRACTIONAL),
    FeatureDefinition("tags", FeatureType.STRING, CollectionType.LIST),
    FeatureDefinition("places", FeatureType.INTEGRAL, CollectionType.SET),
    FeatureDefinition("embedding", FeatureType.FRACTIONAL, CollectionType.VECTOR, 2),
)
GROUP = feature_group(features=FEATURES)
TEXT_ROWS = st.lists(
    st.tuples(st.none() | TEXTS, st.none() | EVENT_TIMES, st.none() | NUMBERS, st.none() | NUMBERS,
              LISTS, LISTS, LISTS), min_size=1, max_size=5)  # fmt: skip
SHAPES = {"clicks": st.integers(-(2**63), 2**63 - 1), "score": st.floats(), "bits": st.booleans()}


def is_nan(group, name, value):
    """Whether a number is NaN, or the text of a number's feature says so: that is no value."""
    feature = group.features[group.ordinals[name]]
    if feature.collection is not None or feature.type is FeatureType.STRING:
        return False
    is_number = isinstance(value, float) and math.isnan(value)
    return is_number or value in ("NaN", "nan", "NAN", "-nan", "-NaN")


def put(group, columns, row):
    """What a PutRecord of the row stores, or ``None`` where it is refused."""
    cells = zip(columns, row, strict=True)
    record = [(n, text_of(v)) for n, v in cells if not (v is None or is_nan(group, n, v))]
    try:
        values = complete(group, checked_features(group, record))
        stamp = Stamp(invocation_time=0, write_time=0)
        _, version = live_version(group, values, stamp=stamp, ttl=None, targets=group.stores)
    except ValidationError:
        return None
    return version.packed


def taken(group, table):
    """What bulk rows make of each row of a table, by its number; all rows are accounted for."""
    rows = BulkRows(group, table.schema, packs=True)
    found, rejects = rows.convert(Batch(table.combine_chunks().to_batches()[0], 0))
    numbers = found.column(ROW).to_pylist()
    assert sorted(numbers + [each.row for each in rejects]) == list(range(len(table)))
    return dict(zip(numbers, found.column(PACKED).to_pylist(), strict=True))


@examples(3)
@given(TEXT_ROWS)
@example([("c", "2024-02-29T00:00:00Z", "5", "0.5", ["a"], ["1", "1"], ["0.5", "1"])])
def test_texts(rows):
    types = [pa.string()] * 4 + [pa.list_(pa.string())] * 3
    columns = [each.name for each in FEATURES]
    cells = [
        pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), types, strict=True)
    ]
    table = pa.table(dict(zip(columns, cells, strict=True)))
    expected = {n: packed for n, row in enumerate(rows) if (packed := put(GROUP, columns, row))}
    assert taken(GROUP, table) == expected


@examples(2)
@given(
    st.lists(
        st.tuples(SHAPES["clicks"], SHAPES["score"], st.lists(st.floats(), max_size=3)),
        min_size=1,
        max_size=5,
    )
)
def test_numbers(rows):
    columns = ["customer_id", "event_time", "clicks", "score", "embedding"]
    full = [(f"c{n}", "2024-01-01T00:00:00Z", *row) for n, row in enumerate(rows)]
    table = pa.table(dict(zip(columns, zip(*full, strict=True), strict=True)))
    if table.column("embedding").type == pa.list_(pa.null()):
        table = table.drop_columns("embedding")
        columns, full = columns[:-1], [row[:-1] for row in full]
    expected = {n: packed for n, row in enumerate(full) if (packed := put(GROUP, columns, row))}
    assert taken(GROUP, table) == expected


@examples(2)
@given(st.lists(SECONDS, min_size=1, max_size=8))
def test_unix_seconds(values):
    features = (FEATURES[0], FeatureDefinition("event_time", FeatureType.FRACTIONAL))
    group = feature_group(features=features)
    table = pa.table(
        {"customer_id": ["c"] * len(values), "event_time": pa.array(values, pa.float64())}
    )
    columns = ["customer_id", "event_time"]
    rows = [("c", value) for value in values]
    expected = {n: packed for n, row in enumerate(rows) if (packed := put(group, columns, row))}
    assert taken(group, table) == expected


@examples(3)
@given(
    st.lists(
        st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0])
    )
)
def test_doubles_are_written_as_python_writes_them(values):
    finite = [value for value in values if value - value == 0]
    assert PACKER.texts(pa.array(finite, pa.float64())).to_pylist() == [repr(v) for v in finite]


@examples(3)
@given(
    st.lists(
        st.tuples(TEXTS, st.none() | TEXTS, st.none() | st.lists(TEXTS)), min_size=1, max_size=6
    )
)
def test_packed_columns_are_what_the_codec_packs(rows):
    kinds = (pa.string(), pa.string(), pa.list_(pa.string()))
    columns = [pa.array(c, kind) for c, kind in zip(zip(*rows, strict=True), kinds, strict=True)]
    expected = [pack({n: v for n, v in enumerate(row) if v is not None}) for row in rows]
    assert PACKER.pack(columns).to_pylist() == expected


@examples(3)
@given(st.lists(EVENT_TIMES, min_size=1), st.lists(SECONDS, min_size=1))
def test_event_keys_in_columns_are_those_of_texts(texts, seconds):
    for values, kind, arrow in (
        (texts, EventTimeType.STRING, pa.string()),
        (seconds, EventTimeType.FRACTIONAL, pa.float64()),
    ):
        column = pa.array(values, arrow)
        sure = column.filter(is_event_time(column))
        keys = [
            event_key(*each)
            for each in zip(*(c.to_pylist() for c in event_keys(sure)), strict=True)
        ]
        assert keys == [parse_event_time(str(each), kind) for each in sure.to_pylist()]
