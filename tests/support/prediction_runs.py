"""Runs of predictions over files on this machine: the machine's own definition, DuckDB, XGBoost.

The stores are a model of the register rule: online the newest event time wins, and an ingestion
takes in each of its rows once, however often it is killed and gone on with.
"""

import hashlib
import re

import duckdb
import orjson
import pyarrow as pa

from lambdas.predictions.events import create_handler
from lambdas.scoring.events import create_handler as create_scoring
from larder.errors import LarderError
from larder.groups.feature_group import (
    FeatureDefinition,
    FeatureGroup,
    FeatureType,
    OfflineStore,
    OnlineStore,
)
from larder.models.package_items import Approval, ModelPackage, PackageGroup
from larder.models.residence import Residence
from larder.models.served import (
    Contract,
    FeatureSpec,
    Missing,
    ModelArtefact,
    ModelInput,
    Runtime,
    ServedModel,
    SourceKind,
)
from larder.offline.feature_table import TableVersion
from larder.pipelines.adapters.staged_parquet import StagedParquet
from larder.pipelines.checks.check import Checks
from larder.pipelines.dialects import Dialect, translated
from larder.pipelines.durations import MINUTE
from larder.pipelines.runs.plan import Runs
from larder.predictions.adapters.duckdb_drift import DuckDrift
from larder.predictions.adapters.duckdb_shards import DuckShards
from larder.predictions.definition import ModelChoice, Prediction, Score, Target
from larder.predictions.gate import Gate
from larder.predictions.score import Scoring
from larder.predictions.work import PredictionWork
from larder.telemetry.log import Log
from larder.testing.pipeline_runs import MemoryLedger
from larder.wiring.model_runtimes import NativeRuntimes
from stacks.prediction_machine import definition
from tests.faults.killing import Killed
from tests.support import boosters
from tests.support.folder_objects import Folder
from tests.support.staged_runs import files_in, staged_in
from tests.support.states import run_machine

START = 1_767_225_600_000_000  # 2026-01-01
NAMES = ("customer_id", "event_time", "income", "loans", "age")
TYPES = (
    FeatureType.STRING,
    FeatureType.STRING,
    FeatureType.FRACTIONAL,
    FeatureType.INTEGRAL,
    FeatureType.FRACTIONAL,
)
GROUP = FeatureGroup(
    name="customer",
    uid="u-customer",
    arn="arn:aws:sagemaker:us-east-1:123456789012:feature-group/customer",
    record_identifier_name="customer_id",
    event_time_name="event_time",
    features=tuple(map(FeatureDefinition, NAMES, TYPES)),
    online=OnlineStore(),
    offline=OfflineStore("s3://lake", "s3://lake/customer", "AwsDataCatalog", "store", "customer"),
    creation_time=0,
    last_modified_time=0,
)
SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        ("event_time", pa.string()),
        ("income", pa.float64()),
        ("loans", pa.int64()),
        ("age", pa.float64()),
        ("write_time", pa.timestamp("us")),
        ("api_invocation_time", pa.timestamp("us")),
        ("is_deleted", pa.bool_()),
    ]
)
OURS = Prediction(
    name="credit",
    model=ModelChoice("credit"),
    source="customer",
    target=Target(
        group="credit",
        identifier="customer_id",
        identifier_type=FeatureType.STRING,
        event_time="event_time",
    ),
    scores=(Score("probability"),),
    shard_rows=10,
)


def inputs(missing=Missing.NAN):
    """The specification of a model of the group's three numbers."""
    return tuple(
        ModelInput(
            name=name,
            source=SourceKind.FEATURE_GROUP,
            type=str(kind),
            group=GROUP.name,
            group_uid=GROUP.uid,
            feature=name,
            key="customer_id",
            missing=missing,
        )
        for name, kind in zip(NAMES[2:], TYPES[2:], strict=True)
    )


def package(version=1, seed=7, spec=None):
    """An approved version, and its artefact."""
    body = boosters.ubj("binary:logistic", seed=seed)
    digest = hashlib.sha256(body).hexdigest()
    served = ServedModel(
        name=f"credit/{version}",
        uid=f"u-{version}",
        runtime=Runtime.XGBOOST,
        contract=Contract.LARDER,
        artefacts=(ModelArtefact(sha256=digest, size=len(body)),),
        width=3,
        features=spec or FeatureSpec(inputs=inputs(), sha256="5bec"),
    )
    found = ModelPackage(
        name=f"credit/{version}",
        uid=f"u-{version}",
        created=0,
        tags=(),
        sent={},
        created_by="ann",
        changed=0,
        changed_by="ann",
        group="credit",
        version=version,
        approval=Approval.APPROVED,
        served=served,
    )
    return found, body


def customers(count, at="2025-12-31T00:00:00Z", salt=0):
    """Rows of a history, one for each customer."""
    written = pa.scalar(START - MINUTE, pa.timestamp("us")).as_py()
    for number in range(count):
        yield {
            "customer_id": f"c{number:06}",
            "event_time": at,
            "income": ((number * 7919 + salt) % 1000) / 250 - 2,
            "loans": number % 4,
            "age": None if number % 11 == 0 else ((number * 104729) % 1000) / 250 - 2,
            "write_time": written,
            "api_invocation_time": written,
            "is_deleted": False,
        }


class Poisoned:
    """Scores shards, but for those that the world has poisoned; the message has all its records."""

    def __init__(self, world):
        self.world = world

    def score(self, pin, records, shard, *rest):
        if shard in self.world.poison:
            raise PoisonError(f"shard {shard} is poison: {'x' * 5_000}")
        return self.world.shards.score(pin, records, shard, *rest)


class World:
    """All that stays when an execution dies: history, files, the ledger and both stores.

    ``kill_at`` counts down its chances to die. Shards of ``poison`` can't be scored. ``snapshots``
    are states of the history by their number, of which the last is read.
    """

    def __init__(self, folder, prediction=OURS, group=GROUP):
        self.now, self.group = START + 10 * MINUTE, group
        self.prediction, self.objects = prediction, Folder(folder)
        self.snapshots, self.packages, self.artefacts = {}, {}, {}
        self.history, self.online, self.ingested = [], {}, {}
        self.lines, self.poison, self.scored = [], set(), []
        self.kill_at, self.chances, self.executions = None, 0, 0
        self.reader = lambda: None
        ledger = MemoryLedger()
        self.runs = Runs(ledger, lambda: self.now)
        staged = StagedParquet(lambda _bucket: files_in(folder))
        self.work = PredictionWork(
            runs=self.runs,
            predictions=lambda: {self.prediction.name: self.prediction},
            packages=Packages(self.packages),
            groups=self,
            versions=self,
            engine=self,
            documents=self.objects,
            gate=Gate(Checks(ledger, staged_in(folder), self.objects), DuckDrift(staged)),
            bucket="lake",
        )
        log = Log(write=self.lines.append)
        self.steps = create_handler(self.work, log)
        models = Residence(NativeRuntimes(), self)
        self.shards = DuckShards(self.objects, models, self.get)
        shards = Poisoned(self)
        self.score = create_scoring(Scoring(self.objects, shards, "lake"), log)

    def write(self, rows, *, keep=False):
        """A new snapshot; with ``keep`` the rows of the one before are in it too."""
        before = list(self.snapshots.values())[-1] if keep else []
        self.snapshots[len(self.snapshots) + 101] = [*before, *rows]

    def register(self, version=1, **changes):
        found, body = package(version, **changes)
        self.packages[version] = found
        self.artefacts[found.served.artefacts[0].sha256] = body

    # what the steps ask of the world

    def get(self, name):
        return self.group if name == self.group.name else None

    def read(self, sha256):
        return self.artefacts[sha256]

    def current(self, _table):
        snapshot, rows = list(self.snapshots.items())[-1]
        return TableVersion(snapshot, frozenset(SCHEMA.names), rows=len(rows))

    def check(self, _database, _table, snapshot):
        assert snapshot in self.snapshots

    def unload(self, query, folder, token, remaining, partition_by=()):
        (snapshot,) = re.findall(r"FOR VERSION AS OF (\d+)", query)
        with duckdb.connect() as database:
            database.execute("SET threads = 1; SET TimeZone = 'UTC'; CREATE SCHEMA store")
            rows = pa.Table.from_pylist(self.snapshots[int(snapshot)], SCHEMA)
            database.register("given", rows)
            database.execute("CREATE TABLE store.customer AS SELECT * FROM given")
            query = translated(query.replace(f"FOR VERSION AS OF {snapshot}", ""), Dialect.DUCKDB)
            path = self.objects.path(folder)
            path.parent.mkdir(parents=True, exist_ok=True)
            columns = ", ".join(partition_by)
            database.execute(
                f"COPY ({query}) TO '{path}' (FORMAT parquet, PARTITION_BY ({columns}))"
            )

    # the machine

    def run(self, **given):
        """The output of an execution; ``None`` where it was killed."""
        self.executions += 1
        machine = definition("steps", "scoring", "publisher")
        given = {"prediction": self.prediction.name, **given}
        try:
            return run_machine(machine, given, self.call, f"execution-{self.executions}")
        except Killed:
            return None

    def call(self, resource, parameters):
        self.may_die()
        given = orjson.loads(orjson.dumps(parameters))
        match resource:
            case "steps":
                answer = self.steps(given, lambda: 60.0)
            case "scoring":
                answer = self._score(given)
            case "publisher":
                answer = self._publish(given["staged"])
        self.may_die()
        return orjson.loads(orjson.dumps(answer))

    def _score(self, given):
        self.scored.append(given["shard"])
        return self.score(given, None)

    def _publish(self, staged):
        """Bulk ingestion: each row once into both stores, from where it was stopped."""
        rows = self.parts(staged["folder"])
        done = self.ingested.setdefault(staged["run_id"], 0)
        for row in rows[done:]:
            self.may_die()
            record = {k: v for k, v in row.items() if k not in staged["left_out"]}
            self.history.append(record)
            key, newest = row["customer_id"], self.online.get(row["customer_id"])
            if newest is None or newest["event_time"] <= row["event_time"]:
                self.online[key] = record
            self.ingested[staged["run_id"]] += 1
            self.reader()
        return {"rows": len(rows)}

    def report(self):
        """The gate's report on the only run."""
        places = self.objects.listed(f"s3://lake/predictions/{self.prediction.name}/")
        (address,) = [each for each, _ in places if each.endswith("/report.json")]
        return orjson.loads(self.objects.read(address))

    def parts(self, folder):
        """The rows of a folder's parts."""
        files = [str(self.objects.path(address)) for address, _ in self.objects.listed(folder)]
        if not files:
            return []
        with duckdb.connect() as database:
            database.execute("SET TimeZone = 'UTC'")
            found = database.read_parquet(files)
            return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]

    def may_die(self):
        self.chances += 1
        if self.chances == self.kill_at:
            raise Killed


class Packages:
    """Versions of one group, whose first one is its champion."""

    def __init__(self, versions):
        self.by_number = versions

    def version(self, _group, number):
        return self.by_number.get(number)

    def versions(self, _group):
        return iter(self.by_number.values())

    def group(self, name):
        tags = (("larder:alias:champion", "1"),)
        more = {"created_by": "ann", "changed": 0, "changed_by": "ann"}
        return PackageGroup(name=name, uid="u", created=0, tags=tags, sent={}, **more)


class PoisonError(LarderError):
    """A shard that no attempt can score."""
