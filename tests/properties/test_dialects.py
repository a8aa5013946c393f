"""What was written is what is read, whatever the dialect: nothing is lost in silence."""

import csv
import gzip
import io
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import assume, given
from hypothesis import strategies as st

from larder.ingestion.adapters.rows import ROW, BulkRows
from larder.tabular.files import Opening
from larder.tabular.reading import Reading
from larder.tabular.sources import open_source
from tests.support.examples import examples
from tests.support.groups import feature_group

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1", "windows-1252")
SAID = frozenset({"latin-1", "windows-1252"})
CELLS = st.none() | st.text(
    st.characters(codec="latin-1", exclude_categories=["Cc", "Cs"]) | st.sampled_from(',;|\t"\n'),
    max_size=8,
)
DIALECTS = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from(",;|\t"),
        "quoting": st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
        "encoding": st.sampled_from(ENCODINGS),
        "lineterminator": st.sampled_from(["\n", "\r\n", "\r"]),
        "packed": st.booleans(),
        "ends": st.booleans(),
        "blanks": st.sampled_from(["", "\n", "  \n"]),
    }
)
NAMES = ("customer_id", "event_time", "city")
TABLES = st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=6)


def written(rows, dialect):
    """A file of that dialect, written by Python's own module, and what its cells mean."""
    text = io.StringIO()
    form = {name: dialect[name] for name in ("delimiter", "quoting", "lineterminator")}
    writer = csv.writer(text, **form)
    writer.writerow(NAMES)
    writer.writerows(rows)
    whole = dialect["blanks"] + text.getvalue()
    if not dialect["ends"]:
        whole = whole.removesuffix(dialect["lineterminator"])
    data = whole.encode(dialect["encoding"])
    quotes_all = dialect["quoting"] == csv.QUOTE_ALL
    empty = "" if quotes_all else None  # what is absent is written as an empty cell
    meant = [[empty if cell in (None, "") else cell for cell in row] for row in rows]
    return gzip.compress(data) if dialect["packed"] else data, meant


def reading(dialect):
    said = dialect["encoding"] if dialect["encoding"] in SAID else None
    return Reading(encoding=said)


def is_written_plainly(rows, dialect):
    """Python's module quotes no line break but the file's own, which no reader can tell apart."""
    quotes_all, own = dialect["quoting"] == csv.QUOTE_ALL, "\n" in dialect["lineterminator"]
    return quotes_all or own or not any(cell and "\n" in cell for row in rows for cell in row)


@examples(3)
@given(TABLES, DIALECTS)
def test_what_was_written_is_what_is_read(rows, dialect):
    assume(is_written_plainly(rows, dialect))
    data, meant = written(rows, dialect)
    with TemporaryDirectory() as folder:
        path = Path(folder, "rows.csv")
        path.write_bytes(data)
        batches = list(open_source(path, None, Opening(reading(dialect))).batches())
    found = [list(row.values()) for batch in batches for row in batch.rows.to_pylist()]
    assert [each for batch in batches for each in batch.unread] == []
    assert found == meant


SPOILED = st.sampled_from(
    ["x", "a,b,c,d", '"open', 'a,"b', "\xff,b,c", ",,", "a,2024-01-01T00:00:00Z,Oslo", ""]
)


@examples(3)
@given(st.lists(SPOILED, max_size=12), st.booleans(), st.sampled_from(["\n", "\r\n", "\r"]))
def test_each_row_is_taken_or_rejected_once(lines, packed, ending):
    header = "customer_id,event_time,city"
    data = ending.join([header, "a,2024-01-01T00:00:00Z,b", *lines, ""]).encode("latin-1")
    if b"\xff" in data:
        data = data.replace(b"\xff", b"\xc3\xbf")
    with TemporaryDirectory() as folder:
        path = Path(folder, "rows.csv")
        path.write_bytes(gzip.compress(data) if packed else data)
        source = open_source(path, None, Opening())
        rows = BulkRows(feature_group(), source.schema)
        taken, rejects = [], []
        for batch in source.batches():
            found, refused = rows.convert(batch)
            taken += found.column(ROW).to_pylist()
            rejects += refused
    assert sorted(taken + [each.row for each in rejects]) == list(range(rows.rows))
    assert all(each.reason and each.cure and each.file for each in rejects)
    assert "".join(str(each.record) for each in rejects).count("open") == lines.count('"open')
