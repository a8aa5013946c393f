"""Label rows: what is taken, in which form it is stored, and what is refused in which words."""

from datetime import UTC, date, datetime

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from larder.errors import ValidationError
from larder.event_time import NANOS, EventTimeType
from larder.groups.feature_group import FeatureDefinition, FeatureType
from larder.tabular.batches import Batch
from larder.tabular.files import Opening
from larder.tabular.sources import FrameSource, open_source
from larder.training_sets.adapters.label_rows import LabelRows
from larder.training_sets.label_columns import LabelKey

NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)


def key(kind=FeatureType.STRING, *, look_back=None, text=True, column="id"):
    event_time = EventTimeType.STRING if text else EventTimeType.FRACTIONAL
    return LabelKey(0, "g", column, FeatureDefinition("who", kind), event_time, look_back)


def stored(columns, *keys, zone=None):
    """The stored rows of a table given in one batch, as dictionaries."""
    table = columns if isinstance(columns, pa.Table) else pa.table(columns)
    rows = LabelRows(table.schema, "asked", keys or (key(),), zone)
    batches = FrameSource(table).batches()
    return [each for batch in batches for each in rows.convert(batch).to_pylist()]


def opened(given, *texts):
    """Labels as a training set reads them."""
    return open_source(given, None, Opening(texts=["asked", *texts]))


def keys_of(values, kind):
    asked = pa.array([NOON] * len(values), pa.timestamp("us", "UTC"))
    return [row["larder_key_0"] for row in stored({"asked": asked, "id": values}, key(kind))]


def times_of(values, zone=None):
    values = values if isinstance(values, pa.Array) else pa.array(values)
    ids = ["c1"] * len(values)
    return [row["larder_at"] for row in stored({"asked": values, "id": ids}, zone=zone)]


@pytest.mark.parametrize(
    "values",
    [
        ["2024-01-31T12:00:00.5Z", "2024-01-31T13:00:00.500+01:00"],
        ["2024-01-31 12:00:00.500000000Z", "2024-01-31T06:30:00.5-05:30"],
        [NOON.replace(microsecond=500_000)] * 2,
        pa.array([NOON.replace(microsecond=500_000)] * 2, pa.timestamp("ms", "America/New_York")),
    ],
)
def test_instants_of_every_form_are_stored_as_text_that_sorts(values):
    assert times_of(values) == ["2024-01-31T12:00:00500000000"] * 2


def test_times_before_1970_and_nanoseconds_are_exact():
    values = pa.array([-1, 1, -NANOS], pa.int64()).cast(pa.timestamp("ns", "UTC"))
    assert times_of(values) == [
        "1969-12-31T23:59:59999999999",
        "1970-01-01T00:00:00000000001",
        "1969-12-31T23:59:59000000000",
    ]


@pytest.mark.parametrize("values", [[datetime(2024, 1, 31, 12)], ["2024-01-31T12:00:00"]])
def test_a_stated_zone_makes_local_times_instants(values):
    assert times_of(values, zone="America/New_York") == ["2024-01-31T17:00:00000000000"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([datetime(2024, 1, 31, 12)], "holds times without a time zone"),
        (["2024-01-31T12:00:00Z", "2024-01-31T12:00:00"], "row 1: .* has no time zone"),
        (["yesterday"], "row 0: 'yesterday' is not an ISO-8601 date and time"),
        ([date(2024, 1, 31)], "holds date32.*, not instants: give timestamps with a time zone"),
        ([1_700_000_000], "holds int64, not instants"),
        ([1_700_000_000.5], "holds double, not instants"),
        (["2024-01-31T12:00:00Z", None], "has no time in 1 rows, the first is row 1"),
        (pa.array([253_370_764_800], pa.timestamp("s", "UTC")), "outside 1677-09-22 to 2262-04-11"),
        (["1066-10-14T00:00:00Z"], "outside 1677-09-22 to 2262-04-11"),
    ],
)
def test_what_is_no_instant_is_refused_with_column_and_row(values, words):
    with pytest.raises(ValidationError, match=f"label column 'asked'.*{words}"):
        times_of(values)


def test_local_times_that_do_not_exist_or_exist_twice_are_refused():
    for moment in (datetime(2024, 3, 10, 2, 30), datetime(2024, 11, 3, 1, 30)):
        with pytest.raises(ValidationError, match="taken as America/New_York time"):
            times_of([moment], zone="America/New_York")


def test_naive_datetimes_beside_aware_ones_in_pandas_are_not_taken_for_utc():
    times = pd.Series([NOON, datetime(2024, 1, 1)], dtype=object)
    table = opened(pd.DataFrame({"asked": times, "id": ["a", "b"]})).table
    with pytest.raises(
        ValidationError, match=r"row 1: 2024-01-01T00:00:00 has no time zone.*-zone"
    ):
        stored(table)
    assert stored(table, zone="UTC")[1]["larder_at"] == "2024-01-01T00:00:00000000000"


@pytest.mark.parametrize(
    ("given", "kind", "found"),
    [
        (["007", ""], FeatureType.STRING, ["007", ""]),
        ([7, 8], FeatureType.STRING, ["7", "8"]),
        (pa.array(["a", "b"]).dictionary_encode(), FeatureType.STRING, ["a", "b"]),
        (pa.array(["a"], pa.large_string()), FeatureType.STRING, ["a"]),
        (["007", "-8"], FeatureType.INTEGRAL, [7, -8]),
        ([7.0, 8.0], FeatureType.INTEGRAL, [7, 8]),
        (["0.5", "-0.0"], FeatureType.FRACTIONAL, [0.5, 0.0]),
        ([1, 2], FeatureType.FRACTIONAL, [1.0, 2.0]),
        (["a", None], FeatureType.STRING, ["a", None]),
        ([1.0, float("nan"), None], FeatureType.INTEGRAL, [1, None, None]),
        ([float("nan")], FeatureType.FRACTIONAL, [None]),
        ([None], FeatureType.INTEGRAL, [None]),
    ],
)
def test_keys_take_the_type_of_the_groups_identifier(given, kind, found):
    assert repr(keys_of(given, kind)) == repr(found)


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        ([7.5], FeatureType.INTEGRAL, "'who' is Integral: .*; correct those values"),
        (["seven"], FeatureType.INTEGRAL, "'who' is Integral: .*seven"),
        ([1.5], FeatureType.STRING, "'who' is String: double; give a column of that type"),
        ([True], FeatureType.STRING, "'who' is String: bool"),
        ([NOON], FeatureType.STRING, "'who' is String: timestamp"),
        ([float("inf")], FeatureType.FRACTIONAL, "a value is not finite"),
    ],
)
def test_what_can_not_be_a_key_is_refused_with_group_and_cure(given, kind, words):
    with pytest.raises(ValidationError, match=f"'id'.*feature group g.*{words}"):
        keys_of(given, kind)


def test_the_window_of_a_look_back_begins_that_long_before_the_label():
    given = {"asked": [NOON], "id": ["c1"]}
    (row,) = stored(given, key(look_back=NANOS // 2))
    assert row["larder_from_0"] == "2024-01-31T11:59:59500000000"
    (row,) = stored(given, key(look_back=10**30))
    assert row["larder_from_0"] == "0000-01-01T00:00:00000000000"
    (row,) = stored(given, key(look_back=400 * 366 * 86_400 * NANOS))
    assert row["larder_from_0"] == "1623-04-03T12:00:00000000000"
    (row,) = stored(given, key(look_back=NANOS // 2, text=False))
    assert (row["larder_from_0"], row["larder_seconds"]) == (1706702399.5, 1706702400.0)


def test_rows_are_numbered_through_all_batches_and_their_span_is_kept():
    times = [NOON, NOON.replace(year=2020), NOON.replace(year=2025)]
    table = pa.table({"asked": times, "id": ["a", "a", "b"]})
    rows = LabelRows(table.schema, "asked", [key()])
    parts = [Batch(part, n) for n, part in enumerate(table.to_batches(max_chunksize=1))]
    found = [rows.convert(part).to_pylist() for part in parts]
    assert [each["larder_row"] for batch in found for each in batch] == [0, 1, 2]
    assert (rows.first // NANOS, rows.last // NANOS) == (1580472000, 1738324800)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["asked", "id", "id"], "'id' occurs 2 times"),
        (["asked", "id", "ID"], "'id' occurs 2 times .Athena knows no upper case"),
        (["asked", "id", 'x"; DROP TABLE t; --'], "is no plain name"),
        (["asked", "id", "larder_row"], "'larder_row' begins with larder_"),
        (["asked", "who"], "no column 'id', which is the key of feature group g; they have asked"),
        (["when", "id"], "no column 'asked', which is the labels' event time"),
    ],
)
def test_columns_that_can_not_be_labels_are_refused(names, words):
    schema = pa.schema([(name, pa.string()) for name in names])
    with pytest.raises(ValidationError, match=words):
        LabelRows(schema, "asked", [key()])


@pytest.mark.parametrize(
    "column",
    [[[1]], [{"a": 1}], [b"x"], pa.array([1], pa.duration("s")), pa.array([1], pa.time32("s"))],
)
def test_columns_that_can_not_be_carried_are_named(column):
    with pytest.raises(ValidationError, match=r"label column 'odd' holds .*: drop it or make it"):
        stored({"asked": [NOON], "id": ["c1"], "odd": column})


def test_whole_numbers_beyond_64_signed_bits_are_refused():
    with pytest.raises(ValidationError, match="label column 'n': Integer value"):
        stored({"asked": [NOON], "id": ["c"], "n": pa.array([2**63], pa.uint64())})


def test_frames_with_other_than_text_names_or_mixed_values_are_refused():
    with pytest.raises(ValidationError, match=r"must be named by texts, not \[0\]"):
        opened(pd.DataFrame({0: [1]}))
    with pytest.raises(ValidationError, match="column 'x': the frame has a column of mixed types"):
        opened(pd.DataFrame({"x": pd.Series([1, "a"], dtype=object)}))
    with pytest.raises(ValidationError, match="there are several columns 'a'"):
        opened(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(ValidationError, match="can't be read from a list"):
        opened([{"asked": NOON}])


def test_csv_keeps_identifiers_and_times_as_they_are_written(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text(
        "asked,id,n,zip,m,when,yes,x\n2024-01-31T12:00:00Z,007,1,00701,0.5,2024-01-31,true,NA\n"
        "2024-01-31T12:00:00Z,NA,NA,1,NA,,false,NA\n"
    )
    labels = opened(path, "id")
    kinds = ["string", "string", "int64", "string", "double", "date32[day]", "bool", "string"]
    assert [str(field.type) for field in labels.schema] == kinds
    rows = [row for batch in labels.batches() for row in batch.rows.to_pylist()]
    assert (rows[0]["id"], rows[0]["zip"], rows[0]["when"]) == ("007", "00701", date(2024, 1, 31))
    assert (rows[1]["id"], rows[1]["n"], rows[1]["m"]) == ("NA", None, None)


def test_numbers_of_several_files_have_one_type_that_holds_them(tmp_path):
    (tmp_path / "a.csv").write_text("asked,n,zip\n2024-01-31T12:00:00Z,1,7\n")
    (tmp_path / "b.csv").write_text("n,asked,zip\n2.5,2024-01-31T12:00:00Z,8\n")
    (tmp_path / "c.csv").write_text("")
    labels = opened(tmp_path)
    assert labels.schema.field("n").type == pa.float64()
    rows = [row for batch in labels.batches() for row in batch.rows.to_pylist()]
    assert [(row["n"], row["zip"]) for row in rows] == [(1.0, 7), (2.5, 8)]
    (tmp_path / "b.csv").write_text("n,asked,zip\nx,2024-01-31T12:00:00Z,8\n")
    with pytest.raises(ValidationError, match=r"'n' holds string in .*b.csv but int64 in .*a.csv"):
        opened(tmp_path)


def test_folders_are_columns_of_labels(tmp_path):
    part = tmp_path / "id=00701"
    part.mkdir()
    (part / "p.tsv").write_text("asked\tn\n2024-01-31T12:00:00Z\t1\n")
    (batch,) = opened(tmp_path, "id").batches()
    assert batch.rows.to_pylist()[0]["id"] == "00701"
    assert opened(part / "p.tsv").schema.names == ["asked", "n"]


def test_files_that_are_not_there_or_not_what_they_seem_are_named(tmp_path):
    broken = tmp_path / "broken.parquet"
    broken.write_text("no")
    with pytest.raises(ValidationError, match=r"broken.parquet can't be read: .*Parquet"):
        opened(broken)
    with pytest.raises(ValidationError, match=r"nowhere can't be read: it does not exist"):
        opened(tmp_path / "nowhere")
    with pytest.raises(ValidationError, match=r"is of no kind that can be read"):
        opened(__file__)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValidationError, match=r"there is no file to read at .*empty"):
        opened(tmp_path / "empty")
    broken.unlink()
    for number, column in enumerate(("a", "b")):
        pq.write_table(pa.table({column: [1]}), tmp_path / f"{number}.parquet")
    with pytest.raises(ValidationError, match=r"1.parquet has no column 'a', which .*0.parquet"):
        opened(tmp_path)


def test_csv_whose_column_changes_its_type_is_refused_with_the_cure(tmp_path):
    path = tmp_path / "labels.csv"
    rows = 300_000
    path.write_text("asked,n\n" + "2024-01-31T12:00:00Z,1\n" * rows + "2024-01-31T12:00:00Z,x\n")
    with pytest.raises(
        ValidationError, match=rf"row {rows}.*a CSV column must have one type: write"
    ):
        list(opened(path).batches())


def test_a_row_of_a_label_file_that_can_not_be_read_is_named(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("asked,id\n2024-01-31T12:00:00Z,a\n2024-01-31T12:00:00Z,a,1\n")
    labels = opened(path, "id")
    rows = LabelRows(labels.schema, "asked", [key()])
    with pytest.raises(ValidationError, match="row 1: the row has 3 cells where the header has 2"):
        list(map(rows.convert, labels.batches()))
