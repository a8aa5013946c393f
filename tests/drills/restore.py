"""``make restore-drill``: the online store is damaged, restored to an instant, and judged.

Exit status 1 where a record is not as the oracle has it, a row of the history is missing or there
twice, or the restored stage does not work on. docs/restore.md says what it proves.
"""

import math
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from local import deployment, stacks
from local.layout import REPOSITORY
from local.progress import Progress
from tests.drills.oracle import Oracle
from tests.drills.world import GROUPS, MEMORY, RECORDS, STANDARD, World
from tests.e2e.conftest import DeployedPlatform
from tests.support.deadlines import eventually
from tests.support.strict_platform import strict_platform


@dataclass
class Drill:
    """One drill: its steps with their times, and what was not as it must be."""

    world: World
    steps: list[tuple[str, float]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    restored: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        print(f"{name} …", flush=True)
        yield
        self.steps.append((name, time.monotonic() - began))

    def run(self) -> None:
        world = self.world
        with self.step("groups made, records written, all of them offline"):
            world.create_groups()
            write_settled(world)
            for group in GROUPS:
                eventually(lambda group=group: self.missing_rows(group, world.oracles[group]) == [])
        with self.step("the offline writer stops; more records are written"):
            world.stop_offline_writer()
            write_tail(world)
        moment = math.ceil(time.time())  # DynamoDB restores to whole seconds
        eventually(lambda: time.time() > moment, every=0.05)
        truth = {group: oracle.as_of_now() for group, oracle in world.oracles.items()}
        with self.step("the damage: wrong writes, deleted records, a group that is gone"):
            harm(world)
            self.note_harm(truth)
        began = time.monotonic()
        self.restore(moment)
        self.steps.append(
            ("from the order to the last row: the recovery", time.monotonic() - began)
        )
        with self.step("judged, record by record and row by row"):
            for group, oracle in truth.items():
                self.judge(group, oracle)
        with self.step("the stage works on"):
            self.works_on()

    # --- the recovery, as docs/restore.md has it -------------------------------------------------

    def restore(self, moment: int) -> None:
        with self.step("larder restore: both tables, and the tail set aside"):
            (done,) = self.larder("restore", "--at", _text(moment))
            self.restored = done["tables"]
        with self.step("cdk deploy: the stage uses the restored tables"):
            choices = {f"restored_{part}": each["stream"] for part, each in self.restored.items()}
            platform = self.world.platform.platform
            deployment.deploy(platform, Progress(), choices)
            self.world.platform = DeployedPlatform(platform, stacks.outputs(platform))
        with self.step("larder redrive: the tail is written"):
            objects = self.larder("redrive")
            told = Counter(rows=sum(each["rows"] for each in objects))
            print(f"  {len(objects)} objects, {told['rows']} rows that were not offline")

    def larder(self, *arguments: str) -> list[Any]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "LARDER_"))}
        done = subprocess.run(
            [sys.executable, "-m", "larder", *arguments, "--json"],
            env={**kept, **self.world.platform.environment},
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"larder {' '.join(arguments)}:\n{done.stdout}{done.stderr}")
        return [orjson.loads(line) for line in done.stdout.splitlines()]

    # --- the judgement -----------------------------------------------------------------------

    def note_harm(self, truth: dict[str, Oracle]) -> None:
        """The damage must show, or the drill would prove nothing."""
        wrong = sum(
            self.world.read(STANDARD, each) != truth[STANDARD].expected(each)
            for each in truth[STANDARD].records
        )
        print(f"  {wrong} of {len(truth[STANDARD].records)} records of {STANDARD} are wrong now")
        if not wrong:
            self.faults.append("the damage did nothing")

    def judge(self, group: str, oracle: Oracle) -> None:
        known = sorted({*oracle.records, *self.world.oracles[group].records})
        lost, changed, undead = [], [], []
        for identifier in known * 2:  # of the tier, the second read comes from memory
            found, wanted = self.world.read(group, identifier), oracle.expected(identifier)
            if found != wanted:
                kind = lost if found is None else undead if wanted is None else changed
                kind.append(identifier)
        rows = Counter(self.world.history(group))
        missing = self.missing_rows(group, oracle)
        twice = [row for row, count in rows.items() if count > 1]
        newer = len(rows.keys() - oracle.versions)
        there = sum(oracle.expected(each) is not None for each in known)
        after = len(self.world.oracles[group].versions - oracle.versions)
        print(
            f"  {group}: {there} of {len(known)} identifiers have a record; lost {len(lost)}, "
            f"changed {len(changed)}, there although not written {len(undead)}\n"
            f"    history: {len(oracle.versions)} versions accepted by the instant, missing "
            f"{len(missing)}, twice {len(twice)}; {newer} other rows\n"
            f"    {after} writes after the instant are in the old table alone"
        )
        for name, found_ in (
            ("lost", lost),
            ("changed", changed),
            ("undead", undead),
            ("rows missing", missing),
            ("rows twice", twice),
        ):
            if found_:
                self.faults.append(f"{group}: {name}: {found_[:5]}")

    def missing_rows(self, group: str, oracle: Oracle) -> list[tuple[str, str]]:
        return sorted(oracle.versions - set(self.world.history(group)))

    def works_on(self) -> None:
        world = self.world
        for group in GROUPS:
            world.put(group, "afterwards", "new")
            if (world.read(group, "afterwards") or {}).get("value") != "new":
                self.faults.append(f"{group}: a new record can't be read")
            oracle = Oracle(versions={("afterwards", world.oracles[group].last_time("afterwards"))})
            eventually(lambda g=group, o=oracle: self.missing_rows(g, o) == [])
        for output in ("MaintenanceFunctionName", "HeartbeatFunctionName", "LifecycleFunctionName"):
            self.invoke(output)
        self.check_tables()

    def invoke(self, output: str) -> None:
        answer = self.world.platform.client("lambda").invoke(
            FunctionName=self.world.platform.outputs[output], Payload=b"{}"
        )
        if "FunctionError" in answer:
            self.faults.append(f"{output}: {answer['Payload'].read()[:300]!r}")

    def check_tables(self) -> None:
        dynamodb = self.world.platform.client("dynamodb")
        for part, each in self.restored.items():
            name = each["name"]
            table = dynamodb.describe_table(TableName=name)["Table"]
            backups = dynamodb.describe_continuous_backups(TableName=name)
            recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
            lifetime = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
            has = {
                "stream": table["StreamSpecification"]["StreamEnabled"],
                "recovery": recovery["PointInTimeRecoveryStatus"] == "ENABLED",
                "key": table.get("SSEDescription", {}).get("SSEType") == "KMS",
                "time to live": lifetime["TimeToLiveStatus"] == "ENABLED" or part == "registry",
                "used": self.world.platform.outputs[f"{part.capitalize()}TableName"] == name,
            }
            self.faults += [f"{name} lacks {what}" for what, there in has.items() if not there]


def write_settled(world: World) -> None:
    """Records of every kind, long before the damage."""
    for group in GROUPS:
        for number in range(RECORDS):
            world.put(group, f"r{number}", f"first {number}")
        for number in range(0, RECORDS, 2):
            world.put(group, f"r{number}", f"second {number}")
        for number in range(0, 10):
            world.delete(group, f"r{number}", hard=number % 2 == 0)
        world.put(group, "expired", "gone before the damage", lives=1)
        world.put(group, "expiring", "gone soon after it", lives=20)
        world.put(group, "lasting", "there for a day", lives=86_400)
        world.put_late(group, "r20")


def write_tail(world: World) -> None:
    """What the offline writer has not seen when the damage comes: one version of each record."""
    for group in GROUPS:
        for number in range(10, 20):
            world.put(group, f"r{number}", f"third {number}")
        for number in range(10):
            world.put(group, f"new{number}", f"only {number}")
        world.delete(group, "r30")
        world.delete(group, "r31", hard=True)
        world.put(group, "r0", "a new life")
        world.put_late(group, "r21")


def harm(world: World) -> None:
    """A faulty program writes, deletes and makes records up; a hand empties tables."""
    for group in GROUPS:
        for number in range(20, 50):
            world.put(group, f"r{number}", "wrong")
        for number in range(50, 60):
            world.delete(group, f"r{number}", hard=number % 2 == 0)
        for number in range(5):
            world.put(group, f"madeup{number}", "wrong")
        world.read(group, "r20")  # of the tier: now the wrong value is in memory
    outputs = world.platform.outputs
    removed = world.remove_items(outputs["RecordsTableName"], "R#", 40)
    gone = world.remove_items(outputs["RegistryTableName"], f"G#{MEMORY}", 1)
    print(f"  {removed} items of records deleted, {gone} of the registry")


def _text(moment: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def main() -> int:
    """Carry the drill out on a platform of its own; the exit status."""
    with (
        tempfile.TemporaryDirectory(prefix="larder-drill-") as folder,
        strict_platform(Path(folder)) as (platform, outputs),
    ):
        drill = Drill(World(DeployedPlatform(platform, outputs)))
        drill.run()
    print()
    for name, seconds in drill.steps:
        print(f"{seconds:8.1f} s  {name}")
    for fault in drill.faults:
        print(f"FAULT: {fault}", file=sys.stderr)
    print("nothing was lost" if not drill.faults else f"{len(drill.faults)} faults")
    return 1 if drill.faults else 0


if __name__ == "__main__":
    sys.exit(main())
