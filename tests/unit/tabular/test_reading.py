"""Files of rows as people have them: each row is read, or named with its reason."""

import gzip
import os
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from larder.errors import AccessForbidden, LarderError, ValidationError
from larder.tabular.addresses import find_files
from larder.tabular.batches import legible
from larder.tabular.files import Opening
from larder.tabular.reading import Reading
from larder.tabular.sources import open_source

TABLE = pa.table({"id": ["a", "b"], "v": ["1", "2"]})
ROWS = TABLE.to_pylist()


def source(given, **reading):
    return open_source(given, None, Opening(Reading(**reading)))


def read(given, **reading):
    return [row for batch in source(given, **reading).batches() for row in batch.rows.to_pylist()]


def unread(given, **reading):
    batches = list(source(given, **reading).batches())
    return [each for batch in batches for each in batch.unread]


def write(path, delimiter=",", ending="\n", encoding="utf-8"):
    lines = [delimiter.join(row) for row in (("id", "v"), ("a", "1"), ("b", "2"))]
    data = "".join(line + ending for line in lines).encode(encoding)
    path.write_bytes(gzip.compress(data) if path.name.lower().endswith(".gz") else data)
    return path


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["a.csv", "A.CSV", "a.tsv", "a.Csv.GZ", "A.TSV.gz"])
def test_text_files_are_read_by_their_header(tmp_path, name, delimiter, ending):
    assert read(write(tmp_path / name, delimiter, ending)) == ROWS


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_a_byte_order_mark_tells_the_encoding(tmp_path, name, encoding):
    assert read(write(tmp_path / name, encoding=encoding)) == ROWS


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16-le", "windows-1252"])
def test_an_encoding_that_is_said_is_used(tmp_path, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes("id,v\nZürich,1\n".encode(encoding))
    assert read(path, encoding=encoding) == [{"id": "Zürich", "v": "1"}]
    with pytest.raises(ValidationError, match=r"a.csv is no text in utf-8 .*--encoding"):
        source(path)


def test_a_text_that_is_no_unicode_after_the_files_start_is_its_rows_fault(tmp_path):
    path, rows = tmp_path / "a.csv", 100_000
    path.write_bytes(b"id,v\n" + b"abcdefgh,1\n" * rows + b"Z\xfcrich,2\nb,3\n")
    batches = [legible(batch, ["id", "v"]) for batch in source(path).batches()]
    assert sum(len(batch.rows) for batch in batches) == rows + 1
    (odd,) = [each for batch in batches for each in batch.unread]
    assert (odd.row, odd.column, odd.text) == (rows, "id", "Z\\xfcrich")
    assert "--encoding" in odd.cure


@pytest.mark.parametrize("packed", [False, True])
def test_gzip_is_known_by_its_first_bytes_whatever_the_name_is(tmp_path, packed):
    data = b"id,v\na,1\nb,2\n"
    path = tmp_path / ("a.csv" if packed else "a.csv.gz")
    path.write_bytes(gzip.compress(data[:9]) + gzip.compress(data[9:]) if packed else data)
    assert read(path) == ROWS


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", []),
        ("\n\n  \n", []),
        ("id,v", []),
        ("id,v\n", []),
        ("id,v\n\n   \n", []),
        ("\n \nid,v\na,1\n\n  \nb,2", ROWS),
        ("sep=;\nid;v\na;1\nb;2\n", ROWS),
        ('"id","v"\n"a","1"\n"b","2"', ROWS),
        ("id\tv\n\t\n", [{"id": None, "v": None}]),
        ("id\tv\n\t", [{"id": None, "v": None}]),
        (" id;v\n\t\n ;\n", [{" id": " ", "v": None}]),
        ('id,"v\nw"\na,1\n', [{"id": "a", "v\nw": "1"}]),
        ('id,v\na,""\nb,\n', [{"id": "a", "v": ""}, {"id": "b", "v": None}]),
        ('id,v\n"a\n,""b""",1\n', [{"id": 'a\n,"b"', "v": "1"}]),
        ('id,v\na,5" pipe\n', [{"id": "a", "v": '5" pipe'}]),
    ],
)
def test_blank_lines_headers_and_quotes(tmp_path, text, rows):
    path = tmp_path / "a.csv"
    path.write_text(text)
    assert read(path) == rows
    assert unread(path) == []


def test_rows_of_another_length_are_unread_and_the_others_keep_their_numbers(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("\n  \nid,v\nx\n\na,1\n   \ny,1,2\nb,2\nz\n")
    (batch,) = source(path).batches()
    assert batch.rows.to_pylist() == ROWS
    assert list(batch.numbers()) == [1, 3]
    assert [(each.row, each.text) for each in batch.unread] == [(0, "x"), (2, "y,1,2"), (4, "z")]
    assert "1 cells where the header has 2" in batch.unread[0].reason
    path.write_text("id,v\nx\ny\n")
    assert [each.row for each in unread(path)] == [0, 1]


def test_rows_of_another_length_are_found_in_every_block(tmp_path):
    path, count = tmp_path / "a.csv", 200_000
    lines = [f"row {n}" + ("" if n % 50_000 == 7 else f",{'x' * 40}") for n in range(count)]
    path.write_text("id,v\n" + "\n".join(lines))
    numbers, odd = [], []
    for batch in source(path).batches():
        assert [row["id"] for row in batch.rows.to_pylist()] == [
            f"row {number}" for number in batch.numbers()
        ]
        numbers += batch.numbers()
        odd += [each.row for each in batch.unread]
    assert odd == [7, 50_007, 100_007, 150_007]
    assert sorted(numbers + odd) == list(range(count))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_quote_that_is_never_closed_swallows_no_row_in_silence(tmp_path, encoding):
    path = tmp_path / "a.csv"
    path.write_text('id,v\na,1\nb,"2\nc,3\n', encoding=encoding)
    assert read(path) == ROWS[:1]
    (odd,) = unread(path)
    assert odd.row == 1
    assert "never closed" in odd.reason
    path.write_text('id,v\na,1\nb,"2\nc,3\n"\n', encoding=encoding)
    assert read(path)[1]["v"] == "2\nc,3\n"


def test_a_delimiter_that_is_said_is_used_and_one_that_the_header_lacks_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("i,d:v\na:1\n")
    assert read(path, delimiter=":") == [{"i,d": "a", "v": "1"}]
    path.write_text("id;v;w\na;1;2\n")
    with pytest.raises(ValidationError, match=r"no ',' but 2 ';': .*--delimiter ';'"):
        source(path, delimiter=",")
    for odd in ("", "ab", '"', "é"):
        with pytest.raises(ValidationError, match="--delimiter"):
            Reading(delimiter=odd)
    with pytest.raises(ValidationError, match="--encoding: there is no text encoding 'base64'"):
        Reading(encoding="base64")


def test_json_lines_have_the_columns_that_any_line_names(tmp_path):
    path = tmp_path / "a.JSONL"
    path.write_text('{"id": "a"}\n\n{"id": "b", "n": 12345678901234567890123}\n{"id": "c"\n[1]\n')
    assert read(path) == [{"id": "a", "n": None}, {"id": "b", "n": "12345678901234567890123"}]
    reasons = [(each.row, each.reason) for each in unread(path)]
    assert [row for row, _ in reasons] == [2, 3]
    assert "no JSON object but a list" in reasons[1][1]
    write_lines = '{"id": "d", "v": [1, 2], "o": {"k": "ü"}, "f": 0.5, "b": true}\n'
    (tmp_path / "b.ndjson.gz").write_bytes(gzip.compress(write_lines.encode("utf-8-sig")))
    (row,) = read(tmp_path / "b.ndjson.gz")
    assert row == {"id": "d", "v": [1, 2], "o": '{"k":"ü"}', "f": 0.5, "b": True}
    assert [each["id"] for each in read(tmp_path)] == ["a", "b", "d"]


@pytest.mark.parametrize("kind", ["parquet", "feather", "csv", "jsonl"])
def test_every_kind_has_the_columns_of_its_folders_below_the_one_that_was_named(tmp_path, kind):
    part = tmp_path / "zip=00701" / "r=a%2Fb"
    part.mkdir(parents=True)
    path = part / f"p.{kind}"
    table = pa.table({"id": ["a"]})
    match kind:
        case "parquet":
            pq.write_table(table, path)
        case "feather":
            pyarrow.feather.write_feather(table, path)
        case "csv":
            path.write_text("id\na\n")
        case "jsonl":
            path.write_text('{"id": "a"}\n')
    assert read(tmp_path) == [{"id": "a", "zip": "00701", "r": "a/b"}]
    assert read(tmp_path / "zip=00701") == [{"id": "a", "r": "a/b"}]
    assert read(tmp_path / "zip=*" / "r=*" / "p.*") == [{"id": "a", "zip": "00701", "r": "a/b"}]
    assert read(part) == read(path) == [{"id": "a"}]


def test_hidden_files_and_folders_are_left_out_and_odd_ones_are_named(tmp_path):
    for name in ("_SUCCESS", ".p.crc", "_temporary/0/p.csv", ".ipynb_checkpoints/p.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("id,v\nx,1\n")
    write(tmp_path / "p.csv")
    pq.write_table(TABLE, tmp_path / "20240131_0001")  # as Athena names what it unloads
    assert read(tmp_path) == ROWS + ROWS
    (tmp_path / "b.csv.bz2").write_bytes(b"BZh9")
    with pytest.raises(ValidationError, match=r"b.csv.bz2 is of no kind that can be read"):
        source(tmp_path)


def test_a_name_with_a_bracket_is_a_name_where_it_exists(tmp_path):
    assert read(write(tmp_path / "data[1].csv")) == ROWS


@contextmanager
def without_rights(path):
    """A place that this process has no right to, even where it is root's."""
    path.chmod(0)
    if os.geteuid() == 0:
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)
            path.chmod(0o755)
    else:
        yield
        path.chmod(0o755)


def corrupt_parquet(path):
    data = bytearray(path.read_bytes())
    data[8 : len(data) // 2] = bytes(len(data) // 2 - 8)
    path.write_bytes(data)


BROKEN = {
    "no Parquet at all": ("a.parquet", b"no"),
    "a cut Parquet file": ("a.parquet", b"PAR1 and no end"),
    "a cut gzip": ("a.csv.gz", gzip.compress(b"id,v\n" + os.urandom(4096).hex().encode())[:-900]),
    "a binary file named .csv": ("a.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
    "a Parquet file named .csv": ("a.csv", b"PAR1\x15\x04"),
    "an Excel file named .csv": ("a.csv", b"PK\x03\x04"),
    "zero bytes": ("a.csv", b"id,v\na,\0\n"),
    "no Arrow file": ("a.feather", b"ARROW1 and no more"),
    "UTF-16 cut within a character": ("a.csv", "id,v\na,1\n".encode("utf-16")[:-1]),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_an_error_of_larder_that_names_the_file(tmp_path, what):
    name, data = BROKEN[what]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(LarderError, match=name):
        read(tmp_path / name)


def test_a_parquet_file_that_is_corrupt_inside_is_named(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": [f"{n * 7919}" for n in range(50_000)]}), path)
    corrupt_parquet(path)
    with pytest.raises(LarderError, match=r"a.parquet can't be read"):
        read(path)


def test_a_gzip_that_is_cut_after_many_rows_is_named(tmp_path):
    path = tmp_path / "a.csv.gz"
    rows = "".join(f"{os.urandom(8).hex()},{n}\n" for n in range(200_000))
    whole = gzip.compress(b"id,v\n" + rows.encode())
    path.write_bytes(whole[: len(whole) * 3 // 4])
    with pytest.raises(ValidationError, match=r"a.csv.gz can't be read: Truncated"):
        read(path)


def test_a_place_without_rights_and_a_file_that_vanishes_are_named(tmp_path):
    folder = tmp_path / "given"
    folder.mkdir()
    path = write(folder / "a.csv")
    for parent in [tmp_path, *tmp_path.parents[:2]]:
        parent.chmod(0o755)
    with without_rights(folder), pytest.raises(AccessForbidden, match="given can't be read"):
        source(folder)
    with without_rights(path), pytest.raises(AccessForbidden, match=r"a.csv can't be read"):
        source(path)
    opened = source(folder)
    path.unlink()
    with pytest.raises(ValidationError, match=r"a.csv can't be read: it does not exist"):
        list(opened.batches())


def test_files_are_found_in_the_order_of_their_names(tmp_path):
    for name in ("b.csv", "a.csv", "c.csv"):
        write(tmp_path / name)
    _, found = find_files(str(tmp_path), None)
    assert [each.address.rpartition("/")[2] for each in found] == ["a.csv", "b.csv", "c.csv"]
