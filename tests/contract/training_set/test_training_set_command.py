"""``larder training-set`` against moto and the local Athena."""

import json
import os
import signal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from larder.cli.main import main
from tests.support.groups import FEATURES
from tests.support.offline import row


@pytest.fixture(autouse=True)
def _client(bench, monkeypatch):
    monkeypatch.setattr("larder.connect", lambda _stage=None: bench.platform)


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("asked,who\n2024-01-31T11:00:00Z,c1\n2024-01-31T13:00:00Z,c1\n")
    return str(path)


def create(bench, labels, *more):
    group, name = bench.group(FEATURES, [row()]), bench.name()
    options = ["--labels", labels, "--event-time", "asked", "--features", f"{group.name}:clicks=n"]
    code = main(["training-set", "create", name, *options, "--key", f"{group.name}=who", *more])
    return name, code


def test_a_set_is_made_shown_listed_exported_and_rebuilt(bench, labels, tmp_path, capsys):
    name, code = create(bench, labels)
    made = capsys.readouterr()
    assert code == 0
    assert made.out.startswith(f"{name}: 2 rows, made ")
    assert "scanned, about $0.00005 (Athena in us-east-1: $5 per TB" in made.out
    stages = [line.split(":")[0] for line in made.err.splitlines()]
    assert (stages[0], stages[-1], set(stages)) == ("labels", "check", {"labels", "query", "check"})
    assert main(["training-set", "show", name]) == 0
    assert capsys.readouterr().out == made.out
    assert main(["training-set", "list"]) == 0
    assert name in capsys.readouterr().out
    target = tmp_path / "set.parquet"
    assert main(["training-set", "export", name, "--to", str(target)]) == 0
    assert pq.read_table(target)["n"].to_pylist() == [None, 3]
    assert main(["training-set", "rebuild", name]) == 0
    assert f"{name}: the same content again (2 rows, " in capsys.readouterr().out


def test_json_is_all_that_is_printed_where_it_is_asked_for(bench, labels, tmp_path, capsys):
    name, _ = create(bench, labels, "--json")
    printed = [capsys.readouterr()]
    target = str(tmp_path / "set.csv")
    for command in (["show", name], ["rebuild", name], ["export", name, "--to", target]):
        assert main(["training-set", *command, "--json"]) == 0
        printed.append(capsys.readouterr())
    assert [json.loads(each.out)["name"] for each in printed] == [name] * 4
    assert [each.err for each in printed] == [""] * 4
    assert main(["training-set", "list", "--json"]) == 0
    listed = [json.loads(line)["name"] for line in capsys.readouterr().out.splitlines()]
    assert name in listed


def test_the_engine_is_chosen_and_the_cost_said_accordingly(bench, labels, capsys):
    name, code = create(bench, labels, "--engine", "local", "--partition-by", "who")
    assert code == 0
    assert "read on this machine, by duckdb; no query is charged" in capsys.readouterr().out
    manifest = bench.client.get(name).manifest
    assert (manifest.engine, manifest.partition_by) == ("duckdb", ("who",))
    assert main(["training-set", "rebuild", name]) == 0
    assert "read on this machine" in capsys.readouterr().out


def test_labels_come_from_a_query(bench, tmp_path, capsys):
    sql = tmp_path / "labels.sql"
    sql.write_text("SELECT '2024-01-31T13:00:00Z' AS asked, 'c1' AS who")
    group, name = bench.group(FEATURES, [row()]), bench.name()
    options = ["--event-time", "asked", "--features", group.name, "--key", f"{group.name}=who"]
    given = ["--sql-file", str(sql), "--known-as-of", "2023-11-14T22:13:20Z", "--as-known-then"]
    assert main(["training-set", "create", name, *given, *options, "--json"]) == 0
    parameters = json.loads(capsys.readouterr().out)["parameters"]
    assert parameters["known_as_of"] == "2023-11-14T22:13:20.000000+00:00"
    assert bench.client.get(name).to_arrow()["clicks"].to_pylist() == [3]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--known-as-of", "2024-01-01T00:00:00"], "has no time zone"),
        (["--look-back", "x=7d"], "no --features are asked of x"),
        (["--event-time", "when"], "the labels have no column 'when'"),
    ],
)
def test_bad_input_is_answered_in_words(bench, labels, capsys, more, words):
    _, code = create(bench, labels, *more)
    printed = capsys.readouterr()
    assert (code, printed.out) == (1, "")
    assert words in printed.err


def test_an_interrupt_cancels_and_says_so(bench, labels, capsys, monkeypatch):
    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(type(bench.client), "create", interrupted)
    _, code = create(bench, labels)
    assert code == 130
    assert "interrupted; the query is cancelled" in capsys.readouterr().err


def test_a_stop_from_outside_leaves_no_table_and_no_files(bench, labels, capsys, monkeypatch):
    before = bench.tables_in_catalog()

    def stopped(_line, progress):
        if progress.stage == "query":
            assert bench.tables_in_catalog() != before  # the group's table and the labels'
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("larder.cli.progress.ProgressBar.__call__", stopped)
    name, code = create(bench, labels)
    assert code == 130
    assert "interrupted; the query is cancelled" in capsys.readouterr().err
    assert not [table for table in bench.tables_in_catalog() if table.startswith("tmp_labels_")]
    assert bench.objects(name) == []


def test_a_set_that_can_not_be_rebuilt_says_why_and_fails(bench, labels, capsys):
    name, _ = create(bench, labels)
    bench.client.stored.objects.remove(bench.client.get(name).manifest.labels.location)
    assert main(["training-set", "rebuild", name]) == 1
    assert "can't be made again as it was:\n  s3://lake/training-sets/" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["set.csv", "set.arrow"])
def test_exports_have_the_rows_in_the_labels_order(bench, labels, tmp_path, name):
    made, _ = create(bench, labels)
    path = tmp_path / name
    assert main(["training-set", "export", made, "--to", str(path)]) == 0
    if name.endswith("csv"):
        assert [line.split(",")[-1] for line in path.read_text().splitlines()] == ['"n"', "", "3"]
    else:
        assert pa.ipc.open_file(path).read_all()["n"].to_pylist() == [None, 3]


def test_an_export_of_an_unknown_kind_is_refused(bench, labels, tmp_path, capsys):
    made, _ = create(bench, labels)
    assert main(["training-set", "export", made, "--to", str(tmp_path / "set.xls")]) == 1
    assert "can't export to '.xls': choose .parquet, .csv or .arrow" in capsys.readouterr().err
