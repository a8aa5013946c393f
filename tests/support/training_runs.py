"""Runs of trainings over files on this machine: the machine's own definition, XGBoost, Parquet.

The training set is made of rows that the test gives; everything after it is the product's own.
"""

import hashlib
import io
import tarfile

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import xgboost

from lambdas.model_comparison.events import create_handler as create_comparing
from lambdas.trainings.events import create_handler
from larder.errors import LarderError, ResourceNotFound, ValidationError
from larder.models.manage_package_groups import GroupSpec
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
from larder.telemetry.log import Log
from larder.testing.trainings import MemoryTrainingRuns
from larder.training_sets.manifest import LABEL, Column, Manifest
from larder.training_sets.ports import StoredFile, StoredLabels
from larder.trainings.adapters.arrow_parts import ArrowParts
from larder.trainings.adapters.duckdb_rows import DuckRows
from larder.trainings.compare import Comparing
from larder.trainings.definition import (
    Comparison,
    GroupPart,
    Labels,
    Metric,
    PackageTarget,
    Rule,
    StepKind,
    Training,
    TrainingStep,
    Triggers,
)
from larder.trainings.packages import ApiPackages
from larder.trainings.runs import LONGEST_FUNCTION
from larder.trainings.work import TrainingWork
from larder.wiring.model_runtimes import NativeRuntimes
from stacks.pipeline_machine import RUN_SPARK
from stacks.training_machine import INVOKE, definition
from tests.faults.killing import Killed
from tests.support.folder_objects import Folder
from tests.support.model_files import packed
from tests.support.model_registry import IMAGE, model_catalog
from tests.support.states import run_machine

START = 1_767_225_600_000_000  # 2026-01-01
SECOND = 1_000_000
ROWS = 400
NAMES = ("income", "loans", "age")
OURS = Training(
    name="fraud",
    labels=Labels("SELECT * FROM raw.labels", ("raw.labels",)),
    event_time="at",
    time_zone="UTC",
    groups=(GroupPart(group="customer", key="customer_id"),),
    target="is_fraud",
    step=TrainingStep(
        kind=StepKind.FUNCTION,
        name="trainer",
        timeout=LONGEST_FUNCTION,
        parameters={"rounds": "8"},
    ),
    model=PackageTarget(group="fraud", image=IMAGE),
    comparison=Comparison(Metric.AUC, 25, 0.01),
    rule=Rule.WHEN_BETTER,
    triggers=Triggers(new_data=("customer",)),
)


def labelled(count=ROWS, seed=7):
    """Labels with their features: a fraud is likelier the greater the sum."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(count, len(NAMES)))
    frauds = (values.sum(axis=1) + random.normal(size=count) * 0.3 > 0).astype(int)
    return [
        {
            "customer_id": f"c{number}",
            "at": f"2026-01-{1 + number * 28 // count:02}T00:00:00Z",
            "is_fraud": int(fraud),
            **dict(zip(NAMES, map(float, row), strict=True)),
        }
        for number, (row, fraud) in enumerate(zip(values, frauds, strict=True))
    ]


class StepFailed(LarderError):
    """What trains has failed."""


class World:
    """All that stays when an execution dies: sets, files, the ledger and the registry.

    ``kill_at`` counts down the chances to die. ``rows`` are those of the next set. ``train`` makes
    the archive of a training step's event.
    """

    def __init__(self, folder, training=OURS):
        self.now, self.training, self.objects = START, training, Folder(folder)
        self.rows, self.train, self.until = labelled(), trained, {}
        self.manifests, self.artefacts, self.trained, self.lines = {}, {}, [], []
        self.kill_at, self.chances, self.executions = None, 0, 0
        self.ledger = MemoryTrainingRuns()
        self.catalog = model_catalog(importer=self.take_in)
        self.catalog.groups.create(GroupSpec(name="fraud"))
        self.work = TrainingWork(
            trainings=lambda: {self.training.name: self.training},
            ledger=self.ledger,
            sets=self,
            parts=ArrowParts(self.objects),
            bucket=self.objects,
            registry=ApiPackages(self.catalog),
            published=Pipelines(self.until),
            bucket_name="lake",
            clock=lambda: self.now,
        )
        log = Log(write=self.lines.append)
        self.steps = create_handler(self.work, log)
        models = Residence(NativeRuntimes(), Artefacts(self.artefacts))
        comparing = Comparing(DuckRows(self.objects), self, models, self.objects)
        self.comparing = create_comparing(comparing, log)

    # what the steps ask of the world

    def get(self, name):
        if name not in self.manifests:
            raise ResourceNotFound(f"there is no training set {name}")
        return self.manifests[name]

    def create(self, spec, labels, report):
        self.may_die()
        address = f"s3://lake/training-sets/{spec.name}/data/part.parquet"
        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(self.rows), sink)
        self.objects.write(address, sink.getvalue())
        self.manifests[spec.name] = manifest_of(spec, self.rows, address)
        self.may_die()
        return self.manifests[spec.name]

    def served(self, package):
        found = self.catalog.registry.packages.get(package)
        return found.served if found else None

    def take_in(self, request):
        """A model of an archive; refused where it is no archive."""
        body = self.objects.read(request.source.uri)
        try:
            with tarfile.open(fileobj=io.BytesIO(body)) as tar:
                model = tar.extractfile("xgboost-model").read()
                names = orjson.loads(tar.extractfile("larder/features.json").read())
        except (tarfile.TarError, KeyError) as error:
            raise ValidationError(f"the archive can't be read: {error}") from error
        digest = hashlib.sha256(model).hexdigest()
        self.artefacts[digest] = model
        return ServedModel(
            name=request.name,
            uid=request.uid,
            runtime=Runtime.XGBOOST,
            contract=Contract.LARDER,
            artefacts=(ModelArtefact(sha256=digest, size=len(model)),),
            width=len(names),
            features=FeatureSpec(inputs=tuple(map(input_of, names))),
        )

    # the machine

    def run(self, trigger="hand", **given):
        """The output of an execution; ``None`` where it was killed."""
        self.executions += 1
        asked = {"training": self.training.name, "trigger": trigger, **given}
        machine = definition("steps", "comparing")
        try:
            return run_machine(machine, asked, self.call, f"execution-{self.executions}")
        except Killed:
            return None

    def call(self, resource, parameters):
        self.may_die()
        given = orjson.loads(orjson.dumps(parameters))
        if resource == "steps":
            answer = self.steps(given, None)
        elif resource == "comparing":
            answer = self.comparing(given, None)
        elif resource == INVOKE:
            assert given["FunctionName"] == "trainer"
            answer = self.trains(given["Payload"])
        else:
            assert (resource, given["JobName"]) == (RUN_SPARK, "trainer-job")
            answer = self.trains(given["Arguments"])
        self.may_die()
        return orjson.loads(orjson.dumps(answer))

    def trains(self, event):
        self.trained.append(event)
        archive = self.train(self, event)
        if archive is not None:
            self.objects.write(event.get("output") or event["--output"], archive)
        return {}

    def may_die(self):
        self.chances += 1
        if self.chances == self.kill_at:
            raise Killed

    # what a test looks at

    def packages(self):
        return list(self.catalog.registry.packages.list("fraud/"))

    def report(self, run):
        return orjson.loads(self.objects.read(f"s3://lake/trainings/fraud/{run}/report.json"))

    def rows_of(self, address):
        return pq.read_table(self.objects.path(address)).to_pylist()


class Pipelines:
    """Implements ``larder.trainings.ports.Published`` over a dictionary."""

    def __init__(self, by_name):
        self.by_name = by_name

    def until(self, pipeline):
        return self.by_name.get(pipeline, 0)


class Artefacts:
    """Implements ``larder.models.ports.ArtefactReader`` over a dictionary."""

    def __init__(self, by_digest):
        self.by_digest = by_digest

    def read(self, sha256):
        return self.by_digest[sha256]


def input_of(name):
    return ModelInput(
        name=name,
        source=SourceKind.FEATURE_GROUP,
        type="Fractional",
        group="customer",
        group_uid="u-customer",
        feature=name,
        key="customer_id",
        missing=Missing.NAN,
    )


def manifest_of(spec, rows, address):
    """The manifest of a set whose features are all of one group."""
    (group,) = spec.groups
    features = [each for each in rows[0] if each not in ("customer_id", "at", "is_fraud")]
    kinds = {"customer_id": "string", "at": "string", "is_fraud": "int64"}
    columns = [Column(name, name, kind, LABEL) for name, kind in kinds.items()]
    columns += [Column(name, name, "double", f"{group.group}:{name}") for name in features]
    return Manifest(
        name=spec.name,
        created_at="2026-01-31T00:00:00+00:00",
        larder_version="0",
        location=address.rpartition("/")[0],
        rows=len(rows),
        content_hash="h",
        column_hashes={},
        columns=tuple(columns),
        files=(StoredFile(address, 1, len(rows), "s"),),
        tables=(),
        parameters={
            "event_time": spec.event_time,
            "time_zone": spec.time_zone,
            "groups": [
                {
                    "group": group.group,
                    "key": group.key,
                    "features": {name: name for name in features},
                }
            ],
        },
        labels=StoredLabels("", (), len(rows), 0, 0, (), ()),
        label_table="t",
        query="",
        query_execution_id="",
        bytes_scanned=0,
    )


def trained(world, event, names=None, noise=0.0):
    """The archive of a booster that has learnt of the event's rows."""
    rows = world.rows_of(event["rows"])
    names = names or event["features"]
    values = np.array([[row[name] for name in names] for row in rows], "f4")
    target = np.array([row[event["target"]] for row in rows])
    if noise:
        target = np.random.default_rng(1).permutation(target)
    parameters = {"objective": "binary:logistic", "max_depth": 3, "nthread": 1}
    rounds = int(event["parameters"]["rounds"])
    booster = xgboost.train(parameters, xgboost.DMatrix(values, target), rounds)
    return packed(
        ("xgboost-model", bytes(booster.save_raw("ubj"))),
        ("larder/features.json", orjson.dumps(list(names))),
    )
