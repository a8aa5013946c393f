"""How a benchmark runs: parts, peers in processes of their own, and the exit code."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

from benchmarks import __main__ as command
from benchmarks.join_data import Size, make
from benchmarks.measure import Figure
from benchmarks.parts import PARTS
from benchmarks.peer import PeerFailed, peer
from benchmarks.rows import Beside, Row, at_least


def test_every_part_is_a_module():
    assert [name for name, module in PARTS.items() if find_spec(module) is None] == []


@pytest.fixture
def measured(monkeypatch):
    """What a run is to find, by part; nothing is measured, and nothing kept is to change."""
    found, kept = {}, []

    def measure(names, _options):
        parts = {name: {"machine": {}, "rows": found.get(name, [])} for name in names}
        return parts, [name for name in names if name not in found]

    monkeypatch.setattr(command, "_measured", measure)
    monkeypatch.setattr(command, "_keep", kept.append)
    found["kept"] = kept
    return found


def run(monkeypatch, *options):
    monkeypatch.setattr(sys, "argv", ["benchmarks", *options])
    with pytest.raises(SystemExit) as ended:
        command.main()
    return ended.value.code


def a_row(goal):
    peer_of_4 = Beside("peer", Figure(4.0), at_least(goal))
    return Row(id="r", ours=Figure(1.0), unit="ms", peer=peer_of_4).as_json()


@pytest.mark.parametrize(("goal", "code"), [(3, 0), (5, 1)])
def test_a_run_fails_where_a_row_falls_short(monkeypatch, capsys, measured, goal, code):
    measured["imports"] = [a_row(goal)]
    assert run(monkeypatch, "--only", "imports") == code
    last = capsys.readouterr().out.splitlines()[-1]
    assert (
        last
        == {
            0: "Every goal is met.",
            1: "r: 4 times better than peer, goal ≥ 5: misses it by 20%",
        }[code]
    )


def test_a_part_that_fails_fails_the_run_and_keeps_nothing(monkeypatch, capsys, measured):
    measured["imports"] = [a_row(1)]
    assert run(monkeypatch, "--only", "imports,joins", "--save") == 1
    assert "joins: the part failed" in capsys.readouterr().out
    assert measured["kept"] == []


@pytest.mark.parametrize(("options", "kept"), [([], 0), (["--save"], 1)])
def test_some_parts_are_kept_only_where_that_is_asked(monkeypatch, measured, options, kept):
    measured["imports"] = [a_row(1)]
    assert run(monkeypatch, "--only", "imports", *options) == 0
    assert len(measured["kept"]) == kept


def test_an_unknown_part_is_refused_with_the_names_of_all(monkeypatch, capsys):
    assert run(monkeypatch, "--only", "handlers,imprts") == 2
    assert f"there is no part imprts; the parts are {', '.join(PARTS)}" in capsys.readouterr().err


def test_a_peer_that_fails_is_quoted():
    words = r"No module named benchmarks\.peers\.nothing"
    with pytest.raises(PeerFailed, match=words), peer(sys.executable, "nothing"):
        pass


def test_what_a_peers_library_prints_is_no_answer():
    program = (
        "from benchmarks.peers.answer import answer\n"
        "answer(lambda: print('ready?') or (lambda n: print('a library greets') or 2 * n))"
    )
    words = {"input": '{"n": 21}\n', "capture_output": True, "text": True}
    asked = subprocess.run([sys.executable, "-c", program], check=True, **words)
    assert asked.stdout.splitlines() == ["null", "42"]
    assert "a library greets" in asked.stderr


@pytest.mark.parametrize("engine", ["larder", "plain"])
def test_each_engine_joins_every_label_row_as_often_as_it_is_asked(tmp_path, engine):
    folder = make(Size(500, 40, rounds=2, beside_dask=False), tmp_path)
    with peer(sys.executable, "duckdb_joins", engine, folder) as process:
        assert [process.ask()["rows"] for _ in range(2)] == [40, 40]
