"""``larder reconcile``: what it prints, its exit status, and what it passes on."""

import json
from dataclasses import dataclass, field

import pytest

from larder.cli.main import main
from larder.client.reconciliation import ReconciliationClient
from larder.errors import ConfigurationError
from larder.reconciliation.judge import Cause, Kind
from larder.wiring.reconciliation import ReconciliationSettings, StoresOfGroups, arrived
from tests.support.direct import platform_at
from tests.support.groups import feature_group
from tests.support.reconciliation import SETTLED, World


@dataclass
class Stores:
    """The stores of a world, in the place of those of a platform."""

    world: World
    asked: list = field(default_factory=list)

    def run(self, group, asked, _report, *, note, repair_rate):
        self.asked.append((group, asked, repair_rate))
        return self.world.reconcile(SETTLED, repair=repair_rate is not None, note=note)


@pytest.fixture
def stores(monkeypatch):
    world = World()
    for number in range(9):
        world.put(f"c{number}", 1)
    for number in range(7):
        world.drop_rows(f"c{number}")
    world.drop_online("c8")
    made, platform = Stores(world), platform_at()
    platform.reconciliation = ReconciliationClient(made)
    monkeypatch.setattr("larder.connect", lambda _stage: platform)
    return made


def test_differences_are_told_with_examples_and_as_exit_status(stores, capsys):
    assert main(["reconcile", "customers"]) == 1
    said = capsys.readouterr().out
    assert "9 records compared in 64 shards, 8 differ, 8 remain" in said
    assert "missing online: 1 (such as c8)" in said
    assert said.count(", c") == 4
    assert "missing offline: 7 (such as c" in said


def test_a_repair_is_told_and_the_next_run_finds_nothing(stores, capsys):
    assert main(["reconcile", "customers", "--repair"]) == 0
    said = capsys.readouterr().out
    assert "8 differ, 0 remain" in said and "missing offline: 7, repaired 7" in said
    assert main(["reconcile", "customers"]) == 0
    assert "0 differ" in capsys.readouterr().out


def test_json_has_the_counts_by_their_names(stores, capsys):
    assert main(["reconcile", "customers", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["differences"] == {"missing offline": 7, "missing online": 1}
    assert (told["different"], told["remaining"], told["compared"]) == (8, 8, 9)
    assert told["examples"]["missing online"] == ["c8"]


def test_each_difference_is_listed_where_that_is_asked(stores, capsys):
    main(["reconcile", "customers", "--list"])
    listed = [line.split("\t") for line in capsys.readouterr().err.splitlines() if "\t" in line]
    assert sorted(listed) == sorted(
        [*([Kind.MISSING_OFFLINE, f"c{number}"] for number in range(7)),
         [Kind.MISSING_ONLINE, "c8"]]
    )  # fmt: skip


def test_options_are_passed_on(stores):
    main(["reconcile", "g", "--since", "2026-11-28T00:00:00Z", "--until", "2026-11-28T00:00:01Z",
          "--sample", "3", "--grace", "5", "--repair", "--max-writes-per-second", "7"])  # fmt: skip
    ((group, asked, rate),) = stores.asked
    assert (group, rate, asked.sample, asked.grace_seconds) == ("g", 7.0, 3, 5.0)
    assert asked.until - asked.since == 1_000_000


@pytest.mark.parametrize(
    ("options", "words"),
    [(["--since", "yesterday"], "since:"), (["--sample", "0"], "--sample: 0 must be at least 1")],
)
def test_wrong_options_are_refused_by_name(stores, capsys, options, words):
    assert main(["reconcile", "customers", *options]) == 1
    assert words in capsys.readouterr().err


def test_causes_and_notes_are_told_and_notebooks_have_a_table(stores):
    found = ReconciliationClient(stores).reconcile("customers")
    found.uncompared[Cause.IN_FLIGHT] = 3
    html = found._repr_html_()
    assert "<td>missing offline</td><td>7</td>" in html and "8 differ" in html


def test_a_repair_without_the_writers_name_is_refused_with_the_cure():
    settings = ReconciliationSettings(
        registry_table="t", records_table="t", account_id="1", region="r", partition="aws",
        offline_bucket="b", database="d", workgroup="w",
    )  # fmt: skip
    client = ReconciliationClient(StoresOfGroups(settings, lambda: None))
    with pytest.raises(ConfigurationError, match="LARDER_OFFLINE_WRITER_FUNCTION"):
        client.reconcile("customers", repair=True)


@dataclass
class Status:
    watermark: int | None
    unknown: str | None = None

    def of(self, names):
        assert names == ["customers"]
        return [self]


def test_the_watermark_is_the_offline_stores_and_its_absence_has_a_reason():
    group = feature_group()
    assert arrived(Status(5), group).watermark == 5
    unknown = arrived(Status(None, "no heartbeat"), group)
    assert unknown.watermark is None and "no heartbeat" in unknown.note
