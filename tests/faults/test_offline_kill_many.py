"""Many writes, the offline writer killed again and again: exactly once, watermark never ahead.

``make test`` runs the short profile, ``make soak`` the long one. LARDER_TEST_SEED repeats a run.
"""

import os
import random
from collections import Counter

import pytest

from larder.offline.adapters.iceberg import tables as iceberg
from larder.offline.adapters.iceberg.tables import IcebergTables
from larder.offline.adapters.iceberg.upkeep import IcebergUpkeep
from larder.offline.upkeep import UpkeepRules
from tests.faults.killing import Killed
from tests.faults.world import World
from tests.support.offline import offline_group, seconds, sql_catalog

SEED = os.environ.get("LARDER_TEST_SEED")
RULES = UpkeepRules(min_files=5, settled_minutes=0, full_hours=0, orphan_hours=24)
STEPS = ((iceberg, "write_rows"), (iceberg, "existing_keys"), (iceberg, "_commit"))


class Killer:
    """Kills the writer, before or after a step of a commit, at places of the history."""

    def __init__(self, rng, writes, kills):
        self.rng = rng
        self.places = sorted(rng.sample(range(writes), kills))
        self.written = 0
        self.killed = []

    def dangerous(self, original):
        def step(*arguments, **more):
            before = self.rng.random() < 0.5
            if before:
                self.fate(original.__name__, "before")
            result = original(*arguments, **more)
            if not before:
                self.fate(original.__name__, "after")
            return result

        return step

    def fate(self, step, when):
        # each third of the chances, so that every step has its turn
        if self.places and self.written >= self.places[0] and self.rng.random() < 0.33:
            self.killed.append((self.places.pop(0), when, step))
            raise Killed


class Run:
    def __init__(self, folder, catalog, monkeypatch, seed, writes, kills):
        self.rng = random.Random(seed)
        self.catalog = catalog
        self.writes = writes
        self.killer = Killer(self.rng, writes * 9 // 10, kills)
        for owner, name in STEPS:
            monkeypatch.setattr(owner, name, self.killer.dangerous(getattr(owner, name)))
        self.group = offline_group(f"file://{folder}/offline")
        tables = IcebergTables(catalog, sleep=lambda _pause: None)
        tables.create(self.group)
        self.world = World(self.rng, 4, tables, self.group, most=max(200, writes // 60))
        self.violations = 0
        self.upkeeps = 0

    def visible(self):
        place = (self.group.offline.database, self.group.offline.table)
        scan = self.catalog.load_table(place).scan(
            selected_fields=("customer_id", "event_time", "write_time")
        )
        columns = scan.to_arrow()
        times = columns["write_time"].cast("int64").to_pylist()
        return Counter(
            zip(
                columns["customer_id"].to_pylist(),
                columns["event_time"].to_pylist(),
                times,
                strict=True,
            )
        )

    def check(self):
        self.world.check({key[2] for key in self.visible()})

    def upkeep(self):
        self.upkeeps += 1
        IcebergUpkeep(self.catalog).keep(self.group, RULES, (), seconds(120))

    def go(self):
        world, burst = self.world, max(50, self.writes // 100)
        while len(world.acknowledged) < self.writes:
            print(
                f"  {len(world.acknowledged)} writes, {len(self.killer.killed)} kills", flush=True
            )
            for _ in range(burst):
                world.begin_write()
                if self.rng.random() < 0.9:
                    world.end_write()
            self.killer.written = len(world.acknowledged)
            for _ in range(self.rng.randint(1, 3)):
                world.step()
                world.read()
            world.beat()
            if self.rng.random() < 0.5:
                self.check()
            if self.rng.random() < 0.1:
                self.upkeep()
        world.finish(self.maybe_check)
        self.check()

    def maybe_check(self):
        if self.rng.random() < 0.1:
            self.check()


@pytest.mark.parametrize(
    ("writes", "kills"),
    [
        pytest.param(1_500, 5, id="short"),
        pytest.param(200_000, 20, id="long", marks=[pytest.mark.soak, pytest.mark.timeout(7200)]),
    ],
)
def test_every_acknowledged_write_is_offline_once_and_the_watermark_never_ahead(
    tmp_path, monkeypatch, writes, kills
):
    seed = int(SEED or random.randrange(10**6))
    print(f"seed {seed} (LARDER_TEST_SEED={seed} repeats it)")
    with sql_catalog(tmp_path) as catalog:
        run = Run(tmp_path, catalog, monkeypatch, seed, writes, kills)
        run.go()
        rows = run.visible()
    acknowledged = Counter(run.world.acknowledged)
    found = Counter(key[2] for key in rows.elements())
    wrong = (acknowledged - found).total() + (found - acknowledged).total()
    print(
        f"{acknowledged.total()} writes, {len(run.killer.killed)} kills, {run.upkeeps} upkeeps, "
        f"{len(run.world.stream.shards)} shards, {len(run.world.proven)} looks at the watermark, "
        f"{wrong} violations"
    )
    print(
        "\n".join(f"  killed at write {at}, {when} {step}" for at, when, step in run.killer.killed)
    )
    assert wrong == 0
    assert len(run.killer.killed) == kills
    assert run.world.proven[-1] >= max(run.world.acknowledged)
