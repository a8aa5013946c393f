"""``larder pipeline``: a definition tried on files of events, and the SQL that it is."""

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot

from larder.cli.main import main

EXAMPLES = Path(__file__).parents[3] / "examples" / "pipelines"
ALONE = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Blocked())
from larder.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
CARD, TRANSACTIONS = EXAMPLES / "card.yaml", EXAMPLES / "transactions.csv"
COUNTED = """\
name: visits
record_identifier: id
event_time: at
online: {{}}
offline: {{table_format: Iceberg}}
pipeline:
  source: {{table: web.visits, time: t{source}}}
  emit: event
  start: 2025-01-01
  schedule: off
features:
  - {{name: id, type: {key}}}
  - {{name: at, type: String}}
  - {{name: n, type: {kind}, aggregate: {{function: {function}, window: 1h}}}}
"""


def definition(folder, *, key="String", source="", kind="Integral", function="count"):
    path = folder / "visits.yaml"
    path.write_text(COUNTED.format(key=key, source=source, kind=kind, function=function))
    return path


def tried(capsys, *arguments, status=0):
    """What the command prints, and what it says beside."""
    assert main(["pipeline", "test", *map(str, arguments)]) == status
    said = capsys.readouterr()
    return said.out.splitlines(), said.err


def rows(capsys, *arguments):
    printed, _ = tried(capsys, *arguments, "--json")
    return [json.loads(line) for line in printed]


def of_csv(tmp_path, capsys, text, at="2025-01-31T12:00Z", **more):
    (tmp_path / "e.csv").write_text(text)
    return rows(capsys, definition(tmp_path, **more), "--events", tmp_path / "e.csv", "--at", at)


def refused(tmp_path, capsys, text, status=1, **more):
    (tmp_path / "e.csv").write_text(text)
    path = definition(tmp_path, **more)
    printed, said = tried(
        *(capsys, path, "--events", tmp_path / "e.csv", "--at", "2025-01-31T12:00Z"), status=status
    )
    assert printed == []
    return said


def test_a_row_is_as_a_reader_has_it_at_that_time(capsys):
    given = (CARD, "--events", TRANSACTIONS, "--at", "2025-01-31T13:10Z")
    first, second = rows(capsys, *given)
    assert first == {
        "card_id": "00417",
        "event_time": "2025-01-31T13:10:00Z",
        "transactions_1h": 3,
        "transactions_24h": 5,
        "transactions_7d": 5,
        "spend_1h": 2013.0,
        "spend_24h": 2275.4,
        "spend_7d": 2275.4,
        "spend_deviation_30d": 477.61527055431,
        "largest_24h": 999.0,
        "declined_24h": 2,
        "decline_rate_7d": 0.4,
        "countries_24h": 2,
        "last_country": "NO",
        "last_merchants": ["m-2", "m-4", "m-4", "m-9", "m-2"],
    }
    assert (second["card_id"], second["event_time"]) == ("00982", "2025-01-31T12:30:00Z")
    assert second["last_country"] == "SE"  # the newest one that is known


def test_what_could_not_be_read_yet_is_not_in_it(capsys):
    printed, said = tried(capsys, CARD, "--events", TRANSACTIONS, "--at", "2025-01-31T13:09:59Z")
    assert "made of events until 2025-01-31T12:49:59Z, by available_after" in said
    assert "00417  2025-01-31T12:40:00Z  transactions_1h      3" in printed
    (row,) = rows(
        *(capsys, CARD, "--events", TRANSACTIONS, "--key", "00982", "--at", "2025-01-31T09:00Z")
    )
    assert row["event_time"] == "2025-01-31T08:20:00Z"


def test_each_line_says_all_by_itself(capsys):
    printed, _ = tried(
        *(capsys, CARD, "--events", TRANSACTIONS, "--at", "2025-01-31T13:10Z", "--key", "00982")
    )
    assert len(printed) == 13
    assert {line.split()[0] for line in printed} == {"00982"}
    assert printed[-1].split(maxsplit=3)[2:] == ["last_merchants", '["m-1","m-7"]']


def test_tables_of_a_select_may_be_files_of_their_own(tmp_path, capsys):
    (tmp_path / "flights.csv").write_text(
        "carrier,flight_id,known_at,dep_time,arr_delay\n"
        "UA,1,2013-01-01T09:30:00Z,517,11\nUA,2,2013-01-01T10:00:00Z,533,20\nUA,3,2013-01-01T10:00:01Z,,\n"
    )
    (tmp_path / "airlines.csv").write_text("carrier,name\nUA,United\n")
    carrier = EXAMPLES / "carrier.yaml"
    flights, airlines = (f"raw.{name}={tmp_path / name}.csv" for name in ("flights", "airlines"))
    given = (carrier, "--events", flights, "--events", airlines, "--at", "2013-01-01T10:10Z")
    (row,) = rows(capsys, *given)
    assert row == {
        "carrier": "UA",
        "event_time": "2013-01-01T10:10:00Z",
        "airline": "United",
        "flights_24h": 2,
        "mean_arrival_delay_24h": 15.5,
        "late_rate_24h": 0.5,
        "cancellation_rate_24h": 0.0,
    }
    said = tried(capsys, carrier, "--events", flights, "--at", "2013-01-01T10:10Z", status=1)[1]
    assert "--events TABLE=FILE for each of its tables" in said


@pytest.mark.parametrize(
    ("source", "times"),
    [
        ("", ["2025-01-31T11:30:00Z", "2025-01-31T13:00:00.5+01:30"]),
        (", unit: iso8601", ["2025-01-31T11:30:00Z", "2025-01-31T11:30:00.5Z"]),
        (", unit: seconds", ["1738323000", "1738323000.5"]),
        (", unit: milliseconds", ["1738323000000", "1738323000500"]),
        (", unit: microseconds", ["1738323000000000", "1738323000500000"]),
    ],
    ids=["timestamp", "iso8601", "seconds", "milliseconds", "microseconds"],
)
def test_times_may_be_stated_in_any_unit(tmp_path, capsys, source, times):
    text = "id,t\n" + "".join(f"a,{each}\n" for each in times)
    (row,) = of_csv(tmp_path, capsys, text, source=source)
    assert row == {"id": "a", "at": "2025-01-31T11:30:00.500Z", "n": 2}


def test_parquet_is_read_with_its_own_types(tmp_path, capsys):
    table = pa.table({"id": [7, 7], "t": pa.array([1738323000, 1738323001], pa.timestamp("s"))})
    pq.write_table(table, tmp_path / "e.parquet")
    path = definition(tmp_path, key="Integral")
    (row,) = rows(capsys, path, "--events", tmp_path / "e.parquet", "--at", "2025-01-31T12:00Z")
    assert row == {"id": 7, "at": "2025-01-31T11:30:01Z", "n": 2}


def test_identifiers_stay_as_they_are_written(tmp_path, capsys):
    text = "id,t\n007,2025-01-31T11:30:00Z\n7,2025-01-31T11:30:00Z\n"
    assert [row["id"] for row in of_csv(tmp_path, capsys, text)] == ["007", "7"]


def test_what_is_left_out_is_said(tmp_path, capsys):
    (tmp_path / "e.csv").write_text("id,t\na,2025-01-31T11:30:00Z\na,\n,2025-01-31T11:30:00Z\n")
    path = definition(tmp_path)
    given = (path, "--events", tmp_path / "e.csv", "--at", "2025-01-31T12:00Z")
    printed, said = tried(capsys, *given)
    assert printed == ["a  2025-01-31T11:30:00Z  n  1"]
    assert "2 of 3 events have no id or t and are left out" in said


@pytest.mark.parametrize("text", ["id,t\n", "id,t\na,2025-02-01T00:00:00Z\n"])
def test_no_row_at_that_time_is_no_error(tmp_path, capsys, text):
    (tmp_path / "e.csv").write_text(text)
    path = definition(tmp_path)
    given = (path, "--events", tmp_path / "e.csv", "--at", "2025-01-31T12:00Z")
    printed, said = tried(capsys, *given)
    assert (printed, "no row at that time" in said) == ([], True)


@pytest.mark.parametrize(
    ("text", "more", "words"),
    [
        ("id,t\na,2025-01-31 11:30:00\n", {}, "row 1 of {file}, column t: '2025-01-31 11:30:00' is "
         "a local time, which names no instant: write its zone, as 2025-01-31 11:30:00Z for UTC"),
        ("id,t\na,2025-01-31T11:30:00Z\na,soon\n", {}, "row 2 of {file}, column t: 'soon' is not a"),
        ("id,t\na,2025-01-31T11:30:00+01:00\n", {"source": ", unit: iso8601"}, "row 1 of {file}, "
         "column t: Event time '2025-01-31T11:30:00+01:00' is not ISO-8601 in UTC"),
        ("id,t\na,x\n", {"source": ", unit: seconds"}, "row 1 of {file}, column t:"),
        ("id,when\na,1\n", {}, "pipeline.source.time: Member must name columns of the source, "
         "which has [id, when] (it is 't')"),
        ("user,t\na,2025-01-31T11:30:00Z\n", {}, "record_identifier: Member must name columns"),
        ("id,t\na,2025-01-31T11:30:00Z\n", {"kind": "Fractional", "function": "'sum', of: price"},
         "n.aggregate.of: Member must name columns of the source, which has [id, t] (it is 'price"),
        ("id,t,x\na,2025-01-31T11:30:00Z,1.5\n", {"function": "'max', of: x"}, "n.aggregate.of: n "
         "is of type Integral and must be computed of a whole number, but `of` is a number with "
         "fraction: write CAST(ROUND(…) AS BIGINT)"),
        ("id,t,x\na,2025-01-31T11:30:00Z,high\n", {"kind": "Fractional", "function": "avg, of: x"},
         "but `of` is a text: write CAST(… AS DOUBLE)"),
        ("id,t,x\na,2025-01-31T11:30:00Z,1\n", {"kind": "String", "function": "max, of: x"},
         "but `of` is a whole number: write CAST(… AS VARCHAR)"),
        ("id,t,x\na,2025-01-31T11:30:00Z,9e18\n", {"kind": "Fractional", "function": "sum, of: x"},
         "a value does not fit"),
        ("id,t,x\na,2025-01-31T11:30:00Z,1\n", {"function": "'count', where: x LIKE 'a'"},
         "the definition's SQL can't be computed"),
        ("id,t\na,2025-01-31T11:30:00Z,3\n", {}, "row 1 of {file}: the row has 3 cells"),
    ],
)  # fmt: skip
def test_what_can_not_be_computed_is_named(tmp_path, capsys, text, more, words):
    said = refused(tmp_path, capsys, text, **more)
    assert words.replace("{file}", str(tmp_path / "e.csv")) in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--at", "2025-01-31T12:00"), "--at: '2025-01-31T12:00' must be ISO-8601 with a zone"),
        (("--at", "now"), "--at: 'now' must be ISO-8601 with a zone"),
        (("--at", "2025-01-31T12:00Z", "--events", "x.csv"), "the source is given twice"),
    ],
)
def test_options_that_mean_nothing_are_bad_usage(capsys, options, words):
    printed, said = tried(capsys, CARD, "--events", TRANSACTIONS, *options, status=2)
    assert (printed, words in said) == ([], True)


def test_files_that_are_not_there_are_named(tmp_path, capsys):
    given = ("--events", tmp_path / "no.csv", "--at", "2025-01-31T12:00Z")
    assert "no.csv" in tried(capsys, CARD, *given, status=1)[1]
    assert "no.yaml is not a file" in tried(capsys, tmp_path / "no.yaml", *given, status=2)[1]


@pytest.mark.parametrize("engine", ["athena", "spark", "duckdb"])
@pytest.mark.parametrize("name", ["card", "carrier"])
def test_the_sql_of_each_engine_is_sql(capsys, name, engine):
    given = ["--from", "2025-01-31T12:00Z", "--to", "2025-01-31T13:00Z", "--engine", engine]
    assert main(["pipeline", "sql", str(EXAMPLES / f"{name}.yaml"), *given]) == 0
    printed = capsys.readouterr().out
    tree = sqlglot.parse_one(printed, read=engine)
    assert isinstance(tree, sqlglot.exp.Select)
    frames = printed.count("RANGE BETWEEN")
    assert (frames > 5) is (engine == "duckdb") or name == "carrier"


def test_the_sql_for_duckdb_runs_as_it_is_printed(capsys):
    given = ["--from", "2025-01-31T12:00Z", "--to", "2025-01-31T13:00Z"]
    arguments = ["pipeline", "sql", str(CARD), *given, "--engine", "duckdb", "--table", "events"]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    with duckdb.connect() as database:
        types = "types = {'card_id': 'VARCHAR', 'authorized_at': 'TIMESTAMPTZ'}"
        database.execute(
            f"SET TimeZone = 'UTC'; CREATE TABLE events AS FROM read_csv('{TRANSACTIONS}', {types})"
        )
        found = database.execute(printed).fetchall()
    assert sorted((row[0], row[2], row[5]) for row in found) == [
        *(("00417", 3, 2013.0), ("00417", 3, 2247.9), ("00982", 1, 3.75))
    ]


def test_an_interval_that_ends_before_it_begins_is_bad_usage(capsys):
    given = ["--from", "2025-01-31T12:00Z", "--to", "2025-01-31T12:00Z"]
    assert main(["pipeline", "sql", str(CARD), *given]) == 2
    assert "must be after --from" in capsys.readouterr().err


def test_a_source_that_is_no_table_yet_needs_one(tmp_path, capsys):
    path = definition(tmp_path)
    path.write_text(path.read_text().replace("table: web.visits", "group: sessions"))
    given = ["--from", "2025-01-31T12:00Z", "--to", "2025-01-31T13:00Z"]
    assert main(["pipeline", "sql", str(path), *given]) == 1
    assert "source.group is a table only on a platform" in capsys.readouterr().err
    assert main(["pipeline", "sql", str(path), *given, "--table", "larder_dev.sessions"]) == 0


def alone(blocked, *arguments):
    """The command where some packages are not installed."""
    program = ALONE.replace("{blocked}", repr(set(blocked)))
    command = [sys.executable, "-c", program, "pipeline", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_extra_has_all_that_the_command_needs():
    others = ("boto3", "botocore", "pyiceberg", "pandas", "numpy", "hiredis", "tqdm", "tenacity")
    given = ("test", CARD, "--events", TRANSACTIONS, "--at", "2025-01-31T13:10Z", "--json")
    done = alone(others, *given)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2), done.stderr


@pytest.mark.parametrize("package", ["duckdb", "sqlglot", "yaml", "pyarrow"])
def test_an_extra_that_is_missing_is_named(package):
    done = alone([package], "test", CARD, "--events", TRANSACTIONS, "--at", "2025-01-31T13:10Z")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"larder: larder pipeline needs the package {package}, which is not installed: "
        "pip install 'larder-feature-platform[pipelines]'\n"
    )
