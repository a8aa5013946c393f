"""What sources hold reaches the rows: folders, types, delimiters, zones, values beyond Arrow."""

import gzip

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from larder.errors import ValidationError
from larder.groups.feature_group import FeatureDefinition, FeatureType
from larder.ingestion.adapters.packing import Packer
from larder.ingestion.adapters.sources import open_source
from larder.records.codec import pack, unpack
from larder.tabular.zones import in_zone
from tests.support.ingestion import BOTH, bench


def read(given):
    return [row for batch in open_source(str(given)).batches() for row in batch.rows.to_pylist()]


def test_a_row_of_2500_features_is_packed_as_the_codec_packs_it():
    values = [None if place % 3 else f"{place}" for place in range(2500)]
    columns = [pa.array([value], pa.string()) for value in values]
    given = {place: value for place, value in enumerate(values) if value is not None}
    assert Packer().pack(columns).to_pylist() == [pack(given)]


def test_values_in_folder_names_are_columns_of_their_rows(tmp_path):
    for folder in ("zip=00701/r=a%2Fb", "zip=00702/r=__HIVE_DEFAULT_PARTITION__"):
        (tmp_path / folder).mkdir(parents=True)
        pq.write_table(pa.table({"id": [1]}), tmp_path / folder / "p.parquet")
    rows = [{"id": 1, "zip": "00701", "r": "a/b"}, {"id": 1, "zip": "00702", "r": None}]
    assert read(tmp_path) == rows


def test_columns_of_a_folders_files_go_by_name_and_numbers_of_several_types_go_together(tmp_path):
    pq.write_table(pa.table({"id": [1], "v": [2**60 + 1]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"v": [2.5], "id": [2]}), tmp_path / "b.parquet")
    pq.write_table(pa.table({"v": pa.nulls(1), "id": [3]}), tmp_path / "c.parquet")
    (tmp_path / "d.csv").write_text("")
    assert [row["v"] for row in read(tmp_path)] == [2**60 + 1, 2.5, None]


def test_types_that_do_not_go_together_are_named_with_file_and_column(tmp_path):
    pq.write_table(pa.table({"v": [1]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"v": [True]}), tmp_path / "b.parquet")
    with pytest.raises(ValidationError, match=r"'v' holds bool in .*b.parquet but int64 in .*a.p"):
        open_source(str(tmp_path))


def test_a_column_that_a_file_lacks_is_named(tmp_path):
    pq.write_table(pa.table({"v": [1], "w": [1]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"v": [1]}), tmp_path / "b.parquet")
    with pytest.raises(ValidationError, match=r"b.parquet has no column 'w'"):
        open_source(str(tmp_path))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["a.csv", "A.CSV", "a.tsv", "a.csv.gz"])
def test_text_files_are_read_by_their_header(tmp_path, delimiter, name):
    text = "\n".join(delimiter.join(row) for row in (("id", "v"), ("a", "1"))) + "\n"
    data = text.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    assert read(tmp_path / name) == [{"id": "a", "v": "1"}]


def test_a_frames_columns_may_have_any_name_and_integers_any_size():
    frame = pd.DataFrame({"Unnamed: 0": [0, 1], "n": [1, 10**25], "m": [None, True]})
    frame["m"] = pd.Series(["x", 2], dtype=object)
    table = open_source(frame).table
    assert table.column("n").to_pylist() == ["1", "1" + "0" * 25]
    assert table.column("m").to_pylist() == ["x", "2"]


def test_local_times_are_read_in_the_zone_and_those_it_has_twice_or_never_are_left():
    given = ["2024-07-01 12:30:00.5", "2024-01-01", "2024-10-27 02:30", "2024-03-31 02:30", "x"]
    found = in_zone(pa.array(given), "Europe/Berlin").to_pylist()
    assert found == ["2024-07-01T10:30:00.5Z", "2023-12-31T23:00:00Z", *given[2:]]


def test_a_group_of_2500_features_is_ingested_into_both_stores(tmp_path):
    names = [f"f{n}" for n in range(2498)]
    features = (
        FeatureDefinition("customer_id", FeatureType.STRING),
        FeatureDefinition("event_time", FeatureType.STRING),
        *(FeatureDefinition(name, FeatureType.FRACTIONAL) for name in names),
    )
    row = {"customer_id": ["a"], "event_time": ["2024-01-01T00:00:00Z"]}
    row |= {name: [float(number)] for number, name in enumerate(names)}
    with bench(tmp_path, features=features) as made:
        done = made.ingest(row, targets=BOTH)
        assert (done.written, done.stored, done.rejected) == (1, 1, 0)
        assert unpack(made.online()["a"].packed)[-1] == "2497.0"
