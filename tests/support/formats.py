"""Every form that one release stores and another one reads: its fixtures, and how each is handled.

``python -m tests.support.formats`` writes the fixtures that are not there. One that is there is
never changed: where today's form is another one, give the old file a name of its own
(``v1-2026-11.json``) first. A file's name begins with the number of its format.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import orjson

from larder.access.grants import Grants
from larder.aws.dynamodb.boto import BotoDynamo
from larder.aws.s3_objects import Objects, split
from larder.groups.adapters import dynamodb_item as group_item
from larder.groups.adapters.dynamodb_metadata import DynamoFeatureMetadata
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.groups.feature_group import (
    CollectionType,
    FeatureDefinition,
    FeatureType,
    OnlineStore,
    StorageType,
    TtlDuration,
    UpdateStatus,
)
from larder.groups.metadata import FeatureMetadata
from larder.ingestion.adapters import hive as hive_bulk
from larder.ingestion.adapters import iceberg as iceberg_bulk
from larder.ingestion.adapters.journal import S3RunJournal
from larder.ingestion.ports import Run
from larder.materialization.adapters.positions import S3Positions
from larder.memory.entry import entry_parts, read_entry
from larder.models.adapters import dynamodb_item as model_item
from larder.models.adapters.dynamodb_log import entry_item, entry_of
from larder.models.adapters.dynamodb_models import DynamoItems
from larder.models.assignment import UnitSource
from larder.models.deployment import Deployment, Phase
from larder.models.exposure import Answered, line_of, vector_digest
from larder.models.exposure_line import from_line
from larder.models.registry_items import (
    Endpoint,
    EndpointConfig,
    Kind,
    Model,
    Pending,
    VariantDetail,
    VariantSpec,
)
from larder.models.scores import Outcome, Scored
from larder.models.served import FeatureSpec, Missing, ModelInput, SourceKind
from larder.models.served_json import from_json, model_from_json, model_to_json, to_json
from larder.models.traffic_plan import TrafficPlan
from larder.monitoring.adapters import dynamodb_schedules as schedule_item
from larder.monitoring.alerts import alert_from, alert_json
from larder.monitoring.baselines import Baseline, baseline_from, baseline_json
from larder.monitoring.given import Given
from larder.monitoring.judge import ColumnDrift
from larder.monitoring.run_documents import RunReport, SplitFound, VariantRun, run_from, run_json
from larder.monitoring.schedule import JobDefinition, MonitoringSchedule, ScheduleState, Timing
from larder.monitoring.statistics import ColumnStatistics, Statistics
from larder.monitoring.violations import Check, Violation
from larder.monitoring.window import Cadence
from larder.offline.adapters import dynamodb_heartbeat_item as beat_item
from larder.offline.adapters.dynamodb_heartbeats import DynamoBeatStore
from larder.offline.adapters.hive.commits import Notes, S3Slots, slot_address
from larder.offline.adapters.quarantine import S3Quarantine
from larder.offline.adapters.staged_rows import S3StagedRows, staged_from
from larder.offline.erased_marks import Marks, mark_of
from larder.offline.ports import TableRows
from larder.offline.redrive import records_of
from larder.offline.watermark import Beats, Round
from larder.offline.write import UnreadableChange
from larder.pipelines.adapters import dynamodb_ledger as ledger_item
from larder.pipelines.adapters import stored_reports
from larder.pipelines.checks.expectation import Kind as CheckKind
from larder.pipelines.checks.judge import Finding, Result
from larder.pipelines.checks.report import Report
from larder.pipelines.checks.report import from_json as report_from_json
from larder.pipelines.checks.report import to_json as report_to_json
from larder.pipelines.consistency.report import (
    Comparison,
    ConsistencyReport,
    Difference,
    FeatureComparison,
    IntervalTimes,
    Question,
    Timeliness,
)
from larder.pipelines.durations import DAY, HOUR
from larder.pipelines.runs.items import AGAIN, Acceptance, Claim, IntervalItem, Position
from larder.pipelines.runs.items import State as RunState
from larder.pipelines.sql.statement import Interval
from larder.predictions.definition import Score, Target
from larder.predictions.documents import (
    counts_from_json,
    counts_to_json,
    pin_from_json,
    pin_to_json,
)
from larder.predictions.pin import Pin
from larder.predictions.ports import Counts
from larder.records.adapters.dynamodb_item import from_item, log_key, record_key, to_attributes
from larder.records.codec import pack
from larder.records.record import RecordVersion, Slot, State
from larder.settings.published import PublishedSettings, check_published
from larder.training_sets.manifest import Column, Manifest
from larder.training_sets.ports import LabelColumn, SourceTable, StoredFile, StoredLabels
from larder.trainings import runs as of_trainings
from larder.trainings.adapters import dynamodb_runs as training_runs
from larder.transforms.adapters import dynamodb_jobs as job_item
from larder.transforms.job import JobStatus, TransformJob
from tests.support.exposures import exposed_variant, exposure
from tests.support.exposures import instance as exposed_instance
from tests.support.groups import feature_group
from tests.support.models import endpoint, fleet, served_model, variant
from tests.support.offline import hive_group, row
from tests.support.packages import entry, model_package, package_group
from tests.support.tables import create_registry_table

FIXTURES = Path(__file__).parents[1] / "fixtures" / "formats"
BUCKET = "lake"
MICROS = 1_700_000_000_000_000
UNKNOWN = "x_of_a_newer_release"

SLOT = Slot("ucustomers", 64, "c-1")
VERSION = RecordVersion(
    identifier="c-1",
    event_key=1_706_702_400 * 10**9,
    write_time=MICROS,
    invocation_time=MICROS - 7,
    state=State.LIVE,
    packed=pack({0: "c-1", 1: "2024-01-31T12:00:00Z", 4: "Oslo"}),
    schema_version=5,
    expires_at=4_000_000_000 * 10**9,
    life=2,
)
DELETED = replace(VERSION, state=State.SOFT_DELETED, expires_at=None, offline=False, life=0)
FIRST = replace(VERSION, life=0, expires_at=None)
"""Also of the first release, whose items had fewer attributes."""
RICH = feature_group(
    "rich",
    features=(
        FeatureDefinition("id", FeatureType.STRING),
        FeatureDefinition("at", FeatureType.FRACTIONAL),
        FeatureDefinition("words", FeatureType.STRING, CollectionType.SET),
        FeatureDefinition("vector", FeatureType.FRACTIONAL, CollectionType.VECTOR, 8),
    ),
    record_identifier_name="id",
    event_time_name="at",
    online=OnlineStore(StorageType.IN_MEMORY, TtlDuration("Days", 3), "key"),
    failure_reason="none of it",
    role_arn="arn:aws:iam::123456789012:role/store",
    description="é",
    last_update=UpdateStatus.FAILED,
    last_update_failure="no such luck",
    tags=(("team", "ops"),),
    declared_in="features/rich.yaml",
    grants=Grants(read=("*",), admin=("arn:aws:iam::123456789012:root",)),
    growth=((2, MICROS + 1), (3, MICROS + 2)),
    revision=7,
)
METADATA = FeatureMetadata(
    uid="urich",
    feature="words",
    description="é",
    parameters=(("unit", "m"),),
    modified=MICROS,
    revision=1,
)
BEATS = Beats({"shard-1": "4"}, (Round(MICROS, {"shard-1": "4"}),), MICROS - 1, 5)
CHANGES = [
    {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1", "Keys": {"pk": {"S": "R#u#1"}}}}
]
MARKS = Marks({mark_of("ucustomers", "c-1"): MICROS})
NOTES = Notes(MARKS, {"run-1": "10 20 2024-01-31T12"})
HIVE = hive_group(f"s3://{BUCKET}/hive/customers-1700000000")
MATERIALIZED = "materialize/positions/ucustomers.json"
RUN = Run("run-1", "ucustomers", "fingerprint", MICROS, MICROS + 5, {"rows": 3})
FILE = StoredFile(f"s3://{BUCKET}/training-sets/churn/part-0.parquet", 10, 2, "ab" * 32)
MANIFEST = Manifest(
    name="churn",
    created_at="2026-11-27T12:00:00.000000+00:00",
    larder_version="0.1.0",
    location=f"s3://{BUCKET}/training-sets/churn/",
    rows=2,
    content_hash="cd" * 32,
    column_hashes={"clicks": "ef" * 32},
    columns=(Column("clicks", "clicks", "int64", "customers:clicks"),),
    files=(FILE,),
    tables=(SourceTable("customers", "2023-11-14", "larder_dev", "customers_1", 42, False),),
    parameters={"groups": [{"group": "customers", "key": "customer"}]},
    labels=StoredLabels(
        f"s3://{BUCKET}/training-sets/churn/labels/",
        (FILE,),
        2,
        1,
        2,
        (LabelColumn("larder_label_0", "customer", "string"),),
        (("larder_label_0", "string"),),
    ),
    label_table="tmp_labels_1",
    query="SELECT 1",
    query_execution_id="q",
    bytes_scanned=3,
)
SETTINGS = PublishedSettings(
    stage="dev",
    valkey_address="valkey.example:6379",
    registry_table="registry",
    records_table="records",
    account_id="123456789012",
    region="us-east-1",
    partition="aws",
    offline_bucket=BUCKET,
    database="larder_dev",
    workgroup="larder-dev",
    api_endpoint="https://api.example",
    api_id="abc",
    kms_key_arn="arn:aws:kms:us-east-1:123456789012:key/1",
    pipelines_machine="arn:aws:states:us-east-1:123456789012:stateMachine:pipelines",
    pipelines_definitions="s3://assets/pipelines.json",
    inference_function="arn:aws:lambda:us-east-1:123456789012:function:inference:live",
    offline_writer_function="larder-dev-writer",
    predictions_machine="arn:aws:states:us-east-1:123456789012:stateMachine:predictions",
    predictions_definitions="s3://assets/predictions.json",
)


@dataclass(frozen=True)
class Stored:
    """A form. A body is a fixture's content: what is stored, as bytes.

    ``makes`` are the bodies that today's code writes, by the names of their fixtures; ``value`` is
    what all of them are read as, or what a fixture is read as, by its name. ``more`` adds something
    unknown to a body (``None``: a text has no members, its every change needs a new number).
    ``rewrite`` has the code replace a stored body, and gives what is stored then (``None``: it is
    written once). ``newer`` gives a body the next number. ``item`` is in the error's words.
    """

    name: str
    makes: Callable[[], dict[str, bytes]]
    read: Callable[[bytes], Any]
    value: Callable[[str], Any]
    more: Callable[[bytes], bytes] | None
    newer: Callable[[bytes], bytes]
    item: str
    rewrite: Callable[[bytes], bytes] | None = None


REPORT = ConsistencyReport(
    pipeline="card",
    revision=2,
    at="2026-11-28T03:00:00Z",
    salt="5f1e",
    keys=2,
    comparisons=(
        Comparison(
            Question.STORE_VS_HISTORY,
            1,
            (
                FeatureComparison("spend_1h", 1, 1, 0, 0, 0.5, (Difference("4711", 3.0, 1.0),)),
                FeatureComparison(
                    "merchants", 1, 0, 1, 0, None, (Difference("4711", None, ["a", "b"]),)
                ),
            ),
            0,
            {"in flight": 1},
            {"newer live write": 1},
        ),
        Comparison(Question.HISTORY_VS_SOURCE, older=1),
    ),
    timeliness=Timeliness(
        4, 1, -60.5, 30.0, (IntervalTimes("2026-11-28T02:00:00Z", 4, 1, -60.5, 30.0),)
    ),
    notes=("a note",),
)


# --- JSON, and items of DynamoDB ---------------------------------------------------------------


def json(document: Any) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def in_json(*path: str, **members: Any) -> Callable[[bytes], bytes]:
    """Adds members to a JSON document, or to the documents within that the path leads to."""

    def change(body: bytes) -> bytes:
        document = orjson.loads(body)
        _add(document, path, members)
        return json(document)

    return change


def _add(document: Any, path: tuple[str, ...], members: dict[str, Any]) -> None:
    if isinstance(document, list):
        for each in document:
            _add(each, path, members)
    elif path:
        _add(document[path[0]], path[1:], members)
    else:
        document.update(members)


def both(*changes: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def change(body: bytes) -> bytes:
        for each in changes:
            body = each(body)
        return body

    return change


def item_json(item: dict[str, Any]) -> bytes:
    """An item as a Lambda event has it, its document as JSON of its own."""
    shown = {
        name: {"B": base64.b64encode(value["B"]).decode()} if "B" in value else value
        for name, value in item.items()
    }
    if "doc" in shown:
        shown["doc"] = {"JSON": orjson.loads(shown["doc"]["S"])}
    return json(shown)


def item_of(body: bytes) -> dict[str, Any]:
    item = orjson.loads(body)
    for name, value in item.items():
        if "JSON" in value:
            item[name] = {"S": orjson.dumps(value["JSON"]).decode()}
        elif "B" in value:
            item[name] = {"B": base64.b64decode(value["B"])}
    return item


def table(name: str = "registry") -> Any:
    """A registry table in the mocked cloud."""
    client = boto3.client("dynamodb", region_name="us-east-1")
    create_registry_table(client, name)
    return client


def lake() -> Any:
    """S3 in the mocked cloud, with the bucket."""
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    return client


def stored_item(client: Any, item: dict[str, Any]) -> bytes:
    key = {name: item[name] for name in ("pk", "sk")}
    return item_json(client.get_item(TableName="registry", Key=key)["Item"])


MORE_ATTRIBUTE = in_json(**{UNKNOWN: {"S": "kept"}})


# --- the forms -----------------------------------------------------------------------------------


def _record_items() -> dict[str, bytes]:
    made = {"v1": VERSION, "v1-deleted": DELETED}
    bodies = {
        name: item_json(record_key(SLOT) | to_attributes(each, now_nanos=MICROS * 1000))
        for name, each in made.items()
    }
    log = log_key(SLOT, FIRST) | to_attributes(FIRST, now_nanos=MICROS * 1000)
    return bodies | {"v1-log": item_json(log)}


def _record_value(name: str) -> RecordVersion:
    known = {"v1": VERSION, "v1-deleted": DELETED, "v1-log": FIRST, "v1-first-release": FIRST}
    return known[name]


def _entries() -> dict[str, bytes]:
    order, rest = entry_parts(VERSION)
    return {"v1": (order + bytes(8) + rest).hex().encode() + b"\n"}


def _newer_entry(body: bytes) -> bytes:
    entry = bytearray.fromhex(body.decode())
    entry[48] |= 1 << 4
    return entry.hex().encode() + b"\n"


def _group_value(name: str) -> Any:
    return replace(RICH, grants=Grants()) if name == "v1-first-release" else RICH


def _group_replaced(body: bytes) -> bytes:
    client, item = table(), item_of(body)
    client.put_item(TableName="registry", Item=item)
    registry = DynamoRegistry(BotoDynamo(client), "registry")
    found = registry.get("rich")
    assert found is not None
    registry.replace(replace(found, description="changed"))
    return stored_item(client, item)


def group_removed(body: bytes) -> bytes:
    """The item by which a deleted group stays known."""
    client, item = table(), item_of(body)
    client.put_item(TableName="registry", Item=item)
    registry = DynamoRegistry(BotoDynamo(client), "registry")
    found = registry.get("rich")
    assert found is not None
    registry.remove(found)
    return stored_item(client, group_item.uid_key(found.uid))


def _metadata_store(client: Any) -> DynamoFeatureMetadata:
    return DynamoFeatureMetadata(BotoDynamo(client), "registry")


def _metadata_item() -> dict[str, bytes]:
    client = table()
    _metadata_store(client).replace(METADATA)
    key = {"pk": {"S": "U#urich"}, "sk": {"S": "f#words"}}
    return {"v1": stored_item(client, key)}


def _metadata(body: bytes) -> FeatureMetadata | None:
    client = table()
    client.put_item(TableName="registry", Item=item_of(body))
    return _metadata_store(client).get("urich", "words")


def _metadata_replaced(body: bytes) -> bytes:
    client, item = table(), item_of(body)
    client.put_item(TableName="registry", Item=item)
    _metadata_store(client).replace(replace(METADATA, description="changed", revision=2))
    return stored_item(client, item)


def _beats_saved(body: bytes) -> bytes:
    client, item = table(), item_of(body)
    client.put_item(TableName="registry", Item=item)
    DynamoBeatStore(BotoDynamo(client), "registry").save(replace(BEATS, proven=MICROS))
    return stored_item(client, item)


def _failed_batches() -> dict[str, bytes]:
    s3 = lake()
    quarantine = S3Quarantine(s3, BUCKET, "quarantine/")
    change = UnreadableChange("1", CHANGES[0], "no reason")
    keys = {
        "v1-quarantined": quarantine.put("u", change, "no reason"),
        "v1-parked": quarantine.park("u", [change], "no reason"),
    }
    bodies = {
        name: s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for name, key in keys.items()
    }
    for name, time in (("v1-quarantined", "quarantinedAt"), ("v1-parked", "parkedAt")):
        bodies[name] = in_json(**{time: "2026-11-27T12:00:00+00:00"})(bodies[name])
    return bodies


def _staged() -> dict[str, bytes]:
    s3 = lake()
    key = S3StagedRows(s3, BUCKET, "records").put([TableRows(feature_group(), [row()])]).key
    return {"v2": json(orjson.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()))}


def _staged_rows(body: bytes) -> Any:
    uid = feature_group().uid
    batch = staged_from(f"staging/{uid}/key", body)
    staged = batch and batch.rows_of(uid)
    return staged and (staged.schema_version, list(staged.rows))


def _slot_body(body: bytes) -> bytes:
    """A fixture of a slot as it lies on S3: its head is one line there."""
    return orjson.dumps(orjson.loads(body)) + b"\n"


def _slot_at(s3: Any, body: bytes) -> Any:
    bucket, key = split(slot_address(HIVE.offline))
    s3.put_object(Bucket=bucket, Key=key, Body=_slot_body(body))
    return S3Slots(s3).read(HIVE, HIVE.offline)


def _slot_head(s3: Any) -> bytes:
    bucket, key = split(slot_address(HIVE.offline))
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return json(orjson.loads(body.partition(b"\n")[0]))


def _slots() -> dict[str, bytes]:
    s3 = lake()
    S3Slots(s3).replace(HIVE, HIVE.offline, None, b"", NOTES)
    return {"v1": in_json(commit="c" * 32)(_slot_head(s3))}


def _slot(body: bytes) -> Any:
    slot = _slot_at(lake(), body)
    return (slot.uid, slot.commit, slot.notes.erased, slot.notes.runs)


def _slot_value(name: str) -> Any:
    notes = Notes() if name == "v1-first-release" else NOTES
    return (HIVE.uid, "c" * 32, notes.erased, notes.runs)


def _slot_replaced(body: bytes) -> bytes:
    s3 = lake()
    old = _slot_at(s3, body)
    S3Slots(s3).replace(HIVE, HIVE.offline, old, b"", old.notes.erasing("a" * 16, MICROS))
    return _slot_head(s3)


def _iceberg_mark(body: bytes) -> str:
    text = body.decode().strip()
    iceberg_bulk.check_mark(feature_group(), RUN, text)
    return text


def _journal(s3: Any, body: bytes) -> S3RunJournal:
    s3.put_object(Bucket=BUCKET, Key="ingest/ucustomers/run-1.json", Body=body)
    return S3RunJournal(Objects(s3), BUCKET)


def _run(body: bytes) -> Run:
    return _journal(lake(), body).begin(replace(RUN, first_write_time=1))


def _run_noted(body: bytes) -> bytes:
    s3 = lake()
    journal = _journal(s3, body)
    journal.note(replace(journal.begin(RUN), outcome={"rows": 4}))
    key = "ingest/ucustomers/run-1.json"
    return json(orjson.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()))


def _runs() -> dict[str, bytes]:
    s3 = lake()
    S3RunJournal(Objects(s3), BUCKET).note(RUN)
    key = "ingest/ucustomers/run-1.json"
    return {"v1": json(orjson.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()))}


def _position(body: bytes) -> int | None:
    s3 = lake()
    s3.put_object(Bucket=BUCKET, Key=MATERIALIZED, Body=body)
    return S3Positions(Objects(s3), BUCKET).of(feature_group(uid="ucustomers"))


def _positions() -> dict[str, bytes]:
    s3 = lake()
    S3Positions(Objects(s3), BUCKET).note(feature_group(uid="ucustomers"), 42)
    return {"v1": json(orjson.loads(s3.get_object(Bucket=BUCKET, Key=MATERIALIZED)["Body"].read()))}


def _published(body: bytes) -> PublishedSettings:
    variables = orjson.loads(body)
    check_published("/larder/dev/client", variables)
    return PublishedSettings.from_env(variables)


BASELINE = Baseline(
    subject="model/late",
    version="0123456789abcdef",
    training_set="june",
    rows=1558,
    made_at=1_795_886_951_332_000,
    artefacts=("a" * 64, "b" * 64),
)
DRIFTED = Violation("delay", Check.DRIFT, "delay is distributed otherwise", 0.5, 0.1)
MONITORED = RunReport(
    endpoint="scoring",
    cadence=Cadence.HOURLY,
    window="20261127T120000Z",
    start="2026-11-27T12:00:00.000Z",
    end="2026-11-27T13:00:00.000Z",
    at=1_795_886_951_332_000,
    exposures=300,
    split=SplitFound({"A": 300}, {"A": 300.0}, None),
    variants=(
        VariantRun(
            variant="A",
            shadow=False,
            model="late",
            subject="model/late",
            baseline="0123456789abcdef",
            training_set="june",
            statistics=Statistics(
                300,
                (
                    ColumnStatistics(
                        "delay",
                        290,
                        10,
                        minimum=1.0,
                        maximum=9.5,
                        mean=4.0,
                        deviation=2.0,
                        distinct=280,
                        edges=(2.0, 5.0),
                        counts=(90, 100, 100),
                        low=1,
                    ),
                    ColumnStatistics(
                        "carrier",
                        300,
                        0,
                        distinct=2,
                        counts=(299,),
                        values=("AA",),
                        others=1,
                        stray="B6",
                    ),
                ),
            ),
            drifts=(ColumnDrift("delay", 290, 0.5, 0.3, 0.2, 0.2, 0.001),),
            unjudged=("carrier",),
            violations=(DRIFTED,),
            note="300 exposures: too few to judge 1 columns",
        ),
        VariantRun(variant="B", shadow=True, model="new", note="no baseline"),
    ),
    violations=(replace(DRIFTED, variant="A"),),
)
MONITORED_RUNS = {
    "v1": MONITORED,
    "v1-schedule": replace(
        MONITORED, schedule="Nightly", definition="Quality", failure="there is no é"
    ),
}
ALERT = {
    "stage": "dev",
    "endpoint": "scoring",
    "variant": "A",
    "feature": "delay",
    "check": "baseline_drift_check",
    "cause": "delay is distributed otherwise",
    "value": 0.5,
    "threshold": 0.1,
    "run": f"s3://{BUCKET}/monitoring/runs/scoring/hourly/20261127T120000Z/run.json",
}


def _published_value(name: str) -> PublishedSettings:
    if name == "v1":
        return SETTINGS
    newest = replace(SETTINGS, offline_writer_function="")
    earlier = replace(
        newest, inference_function="", predictions_machine="", predictions_definitions=""
    )
    before = replace(earlier, pipelines_machine="", pipelines_definitions="")
    first = replace(before, stage="", api_id="", kms_key_arn="")
    named = {
        "v1-first-release": first,
        "v1-without-pipelines": before,
        "v1-without-reconciliation": newest,
    }
    return named.get(name, earlier)


def _newer_text(body: bytes) -> bytes:
    return b"format=2;" + body


PACKAGES = {
    "v1": model_package("Churn/7"),
    "v1-failed": model_package(
        "plain", served=None, failure="no such file", approval=None, tags=(("a", "b"),)
    ),
    "v1-group": package_group("Churn"),
}


SERVED = served_model(
    features=FeatureSpec(
        inputs=(
            ModelInput(name="amount", source=SourceKind.REQUEST, type="Fractional"),
            ModelInput(
                name="spend",
                source=SourceKind.FEATURE_GROUP,
                type="Fractional",
                group="customers",
                group_uid="ucustomers",
                feature="spend_7d",
                key="customer_id",
                missing=Missing.DEFAULT,
                default=0.5,
                max_age_seconds=60,
            ),
        ),
        unit="customer_id",
        sha256="ab" * 32,
    ),
    columns=("amount", "spend"),
    environment={"SAGEMAKER_INFERENCE_OUTPUT": "probability"},
    package_arn="arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/1",
)
PIN = Pin(
    as_of=MICROS // 60_000_000 * 60_000_000,
    group="Churn",
    version=7,
    model=SERVED,
    source="customers",
    uid="ucustomers",
    snapshot=42,
    database="larder_dev",
    table="customers_1700000000",
    columns=frozenset({"id", "event_time", "é"}),
    read=(
        FeatureDefinition("id", FeatureType.STRING),
        FeatureDefinition("event_time", FeatureType.STRING),
        FeatureDefinition("é", FeatureType.FRACTIONAL, CollectionType.VECTOR, 2),
    ),
    since=MICROS * 1000,
    shards=3,
    created=MICROS,
    scores=(Score("products", FeatureType.INTEGRAL, CollectionType.LIST),),
    target=Target(
        group="scores", identifier="id", identifier_type=FeatureType.STRING, event_time="at"
    ),
)
COUNTS = Counts(rows=12, refused=1, keys=("é",), why="There is no value of é", sha256="ab" * 32)
SERVED_ENDPOINT = endpoint(
    fleet("config", variant("a", SERVED, 70.0), variant("b", weight=30.0)),
    green=fleet("next", shadows=(variant("s", weight=0.5),)),
    green_share=0.25,
    grants=Grants(read=("*",)),
    capture={"EnableCapture": True},
)
_MADE = {"uid": "u-1", "created": MICROS, "tags": (("team", "risk"),), "revision": 3}
_DETAIL = VariantDetail(name="a", image="larder-xgboost:1", resolved=MICROS, count=2)
MODEL_ITEMS = {
    "v1": (Kind.MODEL, Model(name="Churn", sent={"é": 1}, served=SERVED, image="i:1", **_MADE)),
    "v1-config": (
        Kind.ENDPOINT_CONFIG,
        EndpointConfig(
            name="Config",
            sent={"MetricsConfig": {}},
            variants=(VariantSpec(name="a", model="Churn", weight=0.5, count=2),),
            shadows=(VariantSpec(name="s", model="Churn", weight=1.0, serverless={"x": 1}),),
            **_MADE,
        ),
    ),
    "v1-endpoint": (
        Kind.ENDPOINT,
        Endpoint(
            name="scoring",
            served=SERVED_ENDPOINT,
            changed=MICROS + 1,
            details=(_DETAIL,),
            failure="none of it",
            deployment={"RollingUpdatePolicy": {}},
            **_MADE,
        ),
    ),
    "v1-endpoint-moving": (
        Kind.ENDPOINT,
        Endpoint(
            name="scoring",
            served=SERVED_ENDPOINT,
            changed=MICROS + 1,
            details=(_DETAIL,),
            pending=Pending(
                deployment=Deployment(
                    uid="u-2",
                    plan=TrafficPlan(shares=(0.1, 1.0), wait=60, back=0.5, alarms=("a",)),
                    started=MICROS,
                    due=MICROS + 60,
                    share=0.1,
                    taken=1,
                    phase=Phase.ROLLING_BACK,
                    reason="an alarm",
                ),
                details=(_DETAIL,),
                capture={"EnableCapture": True},
                sent={"BlueGreenUpdatePolicy": {}},
            ),
            **_MADE,
        ),
    ),
}


def _kind_of(item: dict[str, Any]) -> Kind:
    return Kind(item["pk"]["S"].removeprefix("M#"))


def _model_items(items: dict[str, tuple[Kind, Any]]) -> dict[str, bytes]:
    return {name: item_json(model_item.to_item(*each)) for name, each in items.items()}


def _packages() -> dict[str, bytes]:
    group, package = Kind.PACKAGE_GROUP, Kind.PACKAGE
    items = {name: (group if "group" in name else package, each) for name, each in PACKAGES.items()}
    return _model_items(items)


def _model_item(body: bytes) -> Any:
    item = item_of(body)
    return model_item.from_item(_kind_of(item), item)


def _model_item_replaced(body: bytes) -> bytes:
    client, item = table(), item_of(body)
    client.put_item(TableName="registry", Item=item)
    kind = _kind_of(item)
    items: Any = DynamoItems(BotoDynamo(client), "registry", kind)
    found = items.get(orjson.loads(item["doc"]["S"])["name"])
    assert found is not None
    items.replace(found.with_tags((("team", "fraud"),)))
    return stored_item(client, item)


JOB = TransformJob(
    name="Nightly",
    sent={"ModelName": "Churn", "é": 1},
    model=SERVED,
    state=JobStatus.IN_PROGRESS,
    changed=MICROS,
    **_MADE,
)
JOBS = {
    "v1": JOB,
    "v1-failed": replace(
        JOB,
        state=JobStatus.FAILED,
        changed=MICROS + 2,
        started=MICROS + 1,
        ended=MICROS + 2,
        failure="ClientError: é",
    ),
}


def _job_replaced(body: bytes) -> bytes:
    client, item = table(), item_of(body)
    client.put_item(TableName="registry", Item=item)
    jobs = job_item.DynamoJobs(BotoDynamo(client), "registry")
    found = jobs.get(orjson.loads(item["doc"]["S"])["name"])
    assert found is not None
    jobs.replace(found.with_tags((("team", "fraud"),)))
    return stored_item(client, item)


SCHEDULE = MonitoringSchedule(
    name="Nightly",
    sent={"MonitoringType": "DataQuality", "é": 1},
    definition="Quality",
    endpoint="Scoring",
    timing=Timing(Cadence.DAILY, hour=7),
    state=ScheduleState.STOPPED,
    changed=MICROS + 1,
    since=MICROS,
    **_MADE,
)
DEFINITION = JobDefinition(
    name="Nightly",
    sent={"RoleArn": "r", "é": 1},
    endpoint="Scoring",
    given=Given("DataQualityBaselineConfig", "s3://b/statistics.json", "s3://b/constraints.json"),
    output="s3://b/reports",
    **_MADE,
)


def _watch(item: dict[str, Any]) -> Any:
    is_schedule = item["pk"]["S"] == f"M#{Kind.MONITORING_SCHEDULE}"
    read = schedule_item.schedule_from if is_schedule else schedule_item.definition_from
    return read(item)


def _watch_replaced(body: bytes) -> bytes:
    client, item = table(), item_of(body)
    client.put_item(TableName="registry", Item=item)
    kind = schedule_item.DynamoSchedules
    if item["pk"]["S"] != f"M#{Kind.MONITORING_SCHEDULE}":
        kind = schedule_item.DynamoDefinitions
    items: Any = kind(BotoDynamo(client), "registry")
    found = items.get("Nightly")
    assert found is not None
    items.replace(found.with_tags((("team", "fraud"),)))
    return stored_item(client, item)


def _served(body: bytes) -> Any:
    return (from_json if "endpoint" in orjson.loads(body) else model_from_json)(body)


def _exposure_line() -> dict[str, bytes]:
    served = replace(SERVED, features=None)
    took = variant("a", served, 70.0)
    scored = Scored(took, score=0.25, vector=[1.0, 2.5], unit="u1")
    outcome = Outcome([scored], [took], "config", UnitSource.SESSION, {})
    asked = endpoint(fleet("config", took), generation=3)
    return {"v1": json(line_of(Answered(asked, outcome, "i-1", "", MICROS / 1e6)))}


def _exposure(_name: str) -> Any:
    met = exposed_variant(
        "a",
        weights={"a": 70.0},
        package_arn=SERVED.package_arn,
        spec_sha256="",
    )
    digest = vector_digest([1.0, 2.5])
    one = exposed_instance(vector_sha256=digest, statuses={}, event_times={})
    return replace(exposure(instances=(one,), at=MICROS), variants=(met,))


POSITION = Position("card", 2, MICROS // DAY * DAY)
WITH_READS = replace(POSITION, reads={"payments.transactions": 7}, dropped=3)
MADE_OF = replace(POSITION, made_of={"pipeline.emit": "0a1b2c3d4e5f", "features.spend": "é"})
POSITIONS: dict[str, Callable[[ledger_item.DynamoLedger], Any]] = {
    "v1": lambda ledger: ledger.move(POSITION),
    "v1-with-reads": lambda ledger: (
        ledger.move(WITH_READS),
        ledger.note_reads("card", WITH_READS.reads, WITH_READS.dropped),
    ),
    "v1-made-of": lambda ledger: ledger.move(MADE_OF),
}
ENDED = IntervalItem(
    pipeline="card",
    revision=2,
    interval=Interval(-HOUR, MICROS // HOUR * HOUR),
    state=RunState.PUBLISHED,
    owner="arn:aws:states:us-east-1:123456789012:execution:larder:1",
    lease_until=MICROS + HOUR,
    attempts=1,
    rows=12,
    cause="é",
    changed=MICROS,
)
ACCEPTED = replace(
    ENDED, keys=3, accepted=Acceptance(1, "arn:aws:iam::123456789012:user/ada", "Easter: closed")
)
BLOCKED = replace(ENDED, state=RunState.BLOCKED, rows=None, pauses=True, cause="rows min: 0")
LEDGER_ITEMS = {
    "v1": ENDED,
    "v1-accepted": ACCEPTED,
    "v1-blocked": BLOCKED,
    "v1-running": replace(ENDED, state=RunState.RUNNING, rows=None, cause=""),
}


def _ledger_item(make: Callable[[ledger_item.DynamoLedger], Any], key: dict[str, Any]) -> bytes:
    client = boto3.client("dynamodb", region_name="us-east-1")
    if "registry" not in client.list_tables()["TableNames"]:
        create_registry_table(client, "registry")
    client.delete_item(TableName="registry", Key=key)
    make(ledger_item.DynamoLedger(BotoDynamo(client), "registry"))
    return stored_item(client, key)


def _claimed(ledger: ledger_item.DynamoLedger) -> IntervalItem:
    claim = Claim(ENDED.owner, MICROS, AGAIN)
    taken = ledger.claim(ENDED, claim, ENDED.lease_until)
    assert taken is not None
    return taken


def _intervals() -> dict[str, bytes]:
    key = ledger_item.interval_key(ENDED)
    ends = {"v1": ENDED, "v1-accepted": ACCEPTED, "v1-blocked": BLOCKED}
    return {
        "v1-running": _ledger_item(_claimed, key),
        **{name: _ledger_item(partial(_ended, item), key) for name, item in ends.items()},
    }


def _ended(item: IntervalItem, ledger: ledger_item.DynamoLedger) -> None:
    assert ledger.end(replace(item, attempts=_claimed(ledger).attempts))


CHECKS = Report(
    run="card-r1-20250131T1200-20250131T1300-1",
    address="s3://lake/pipelines/card/card-r1-20250131T1200-20250131T1300-1/checks.json",
    rows=12,
    keys=3,
    findings=(
        Finding("rows min", "at least 1", "12", Result.PASSED, CheckKind.ROWS_MIN),
        Finding(
            check="spend max",
            bound="at most 5.5",
            value="7.25 (2 rows outside)",
            result=Result.WARNED,
            kind=CheckKind.MAX,
            feature="spend",
            keys=("ada", "é"),
        ),
    ),
)


def _interval_claimed(body: bytes) -> bytes:
    client, item = table(), item_of(body)
    client.put_item(TableName="registry", Item=item)
    assert _claimed(ledger_item.DynamoLedger(BotoDynamo(client), "registry"))
    return stored_item(client, item)


def _position_moved(body: bytes) -> bytes:
    client, item = table(), item_of(body)
    client.put_item(TableName="registry", Item=item)
    later = replace(POSITION, published_until=MICROS)
    ledger_item.DynamoLedger(BotoDynamo(client), "registry").move(later)
    return stored_item(client, item)


TRAINED = of_trainings.TrainingRun(
    training="fraud",
    id="20260131t120000",
    version=1,
    state=of_trainings.RunState.DONE,
    trigger=of_trainings.Trigger.ALARM,
    owner="arn:aws:states:us-east-1:123456789012:execution:Machine:1",
    lease_until=MICROS,
    started=MICROS,
    changed=MICROS + 1,
    attempts=2,
    training_set="fraud-20260131t120000",
    manifest_sha256="ab" * 32,
    trained=True,
    package="fraud/7",
    champion="fraud/6",
    read={"card": MICROS},
    outcome=of_trainings.Outcome.PENDING,
    reason="fraud/7 has auc 0.9",
    report="s3://lake/trainings/fraud/20260131t120000/report.json",
)


def _training_item(run: of_trainings.TrainingRun) -> bytes:
    client, key = table(), training_runs.newest_key(run.training)
    assert training_runs.DynamoTrainingRuns(BotoDynamo(client), "registry").put(run)
    return stored_item(client, key)


def _training_changed(body: bytes) -> bytes:
    client, item = table(), item_of(body)
    client.put_item(TableName="registry", Item=item)
    ledger = training_runs.DynamoTrainingRuns(BotoDynamo(client), "registry")
    stored = ledger.newest("fraud")
    assert stored is not None
    assert ledger.put(
        replace(stored, version=stored.version + 1, state=of_trainings.RunState.RUNNING)
    )
    return stored_item(client, item)


FORMS = (
    Stored(
        name="pipeline-position",
        makes=lambda: {
            name: _ledger_item(make, ledger_item.position_key("card"))
            for name, make in POSITIONS.items()
        },
        read=lambda body: ledger_item.position_of(item_of(body)),
        value=lambda name: {"v1-with-reads": WITH_READS, "v1-made-of": MADE_OF}.get(name, POSITION),
        more=MORE_ATTRIBUTE,
        newer=in_json(f={"N": "2"}),
        item="position of pipeline card",
        rewrite=_position_moved,
    ),
    Stored(
        name="pipeline-interval",
        makes=_intervals,
        read=lambda body: ledger_item.interval_of(item_of(body)),
        value=lambda name: LEDGER_ITEMS[name],
        more=MORE_ATTRIBUTE,
        newer=in_json(f={"N": "2"}),
        item="of pipeline card",
        rewrite=_interval_claimed,
    ),
    Stored(
        name="pipeline-checks",
        makes=lambda: {"v1": report_to_json(CHECKS)},
        read=report_from_json,
        value=lambda _name: CHECKS,
        more=both(in_json(**{UNKNOWN: "kept"}), in_json("findings", **{UNKNOWN: "kept"})),
        newer=in_json(format=2),
        item="checks of run card-r1",
    ),
    Stored(
        name="training-run",
        makes=lambda: {"v1": _training_item(TRAINED)},
        read=lambda body: training_runs.run_of(item_of(body)),
        value=lambda _name: TRAINED,
        more=both(MORE_ATTRIBUTE, in_json("doc", "JSON", **{UNKNOWN: "kept"})),
        newer=in_json("doc", "JSON", format=2),
        item="run 20260131t120000 of training fraud",
        rewrite=_training_changed,
    ),
    Stored(
        name="model-package",
        makes=_packages,
        read=_model_item,
        value=lambda name: PACKAGES[name],
        more=both(MORE_ATTRIBUTE, in_json("doc", "JSON", **{UNKNOWN: "kept"})),
        newer=in_json("doc", "JSON", format=2),
        item="model package Churn/7",
        rewrite=_model_item_replaced,
    ),
    Stored(
        name="model-item",
        makes=lambda: _model_items(MODEL_ITEMS),
        read=_model_item,
        value=lambda name: MODEL_ITEMS[name][1],
        more=both(MORE_ATTRIBUTE, in_json("doc", "JSON", **{UNKNOWN: "kept"})),
        newer=in_json("doc", "JSON", format=2),
        item="model Churn",
        rewrite=_model_item_replaced,
    ),
    Stored(
        name="transform-job",
        makes=lambda: {name: item_json(job_item.to_item(job)) for name, job in JOBS.items()},
        read=lambda body: job_item.from_item(item_of(body)),
        value=JOBS.__getitem__,
        more=both(MORE_ATTRIBUTE, in_json("doc", "JSON", **{UNKNOWN: "kept"})),
        newer=in_json("doc", "JSON", format=2),
        item="transform job Nightly",
        rewrite=_job_replaced,
    ),
    Stored(
        name="monitoring-schedule",
        makes=lambda: {
            "v1": item_json(schedule_item.schedule_item(SCHEDULE)),
            "v1-definition": item_json(schedule_item.definition_item(DEFINITION)),
        },
        read=lambda body: _watch(item_of(body)),
        value=lambda name: SCHEDULE if name == "v1" else DEFINITION,
        more=both(MORE_ATTRIBUTE, in_json("doc", "JSON", **{UNKNOWN: "kept"})),
        newer=in_json("doc", "JSON", format=2),
        item="Nightly",
        rewrite=_watch_replaced,
    ),
    Stored(
        name="served-document",
        makes=lambda: {
            "v1": json(orjson.loads(to_json(SERVED_ENDPOINT))),
            "v1-model": json(orjson.loads(model_to_json(SERVED))),
        },
        read=_served,
        value=lambda name: SERVED if name == "v1-model" else SERVED_ENDPOINT,
        more=in_json(**{UNKNOWN: "kept"}),
        newer=in_json(version="2.0"),
        item="document of an endpoint",
    ),
    Stored(
        name="exposure-line",
        makes=_exposure_line,
        read=lambda body: from_line(body.decode()),
        value=_exposure,
        more=both(in_json(**{UNKNOWN: "kept"}), in_json("instances", **{UNKNOWN: "kept"})),
        newer=in_json(format=2),
        item="exposure line",
    ),
    Stored(
        name="model-log",
        makes=lambda: {"v1": item_json(entry_item(entry()))},
        read=lambda body: entry_of(item_of(body)),
        value=lambda _name: entry(),
        more=both(
            MORE_ATTRIBUTE,
            in_json("doc", "JSON", **{UNKNOWN: "kept"}),
            in_json("doc", "JSON", "changes", **{UNKNOWN: "kept"}),
        ),
        newer=in_json("doc", "JSON", format=2),
        item="an entry of the log group/churn",
    ),
    Stored(
        name="record-item",
        makes=_record_items,
        read=lambda body: from_item(item_of(body), "c-1"),
        value=_record_value,
        more=MORE_ATTRIBUTE,
        newer=in_json(f={"N": "2"}),
        item="R#ucustomers#|L#ucustomers#",
    ),
    Stored(
        name="tier-entry",
        makes=_entries,
        read=lambda body: read_entry(bytes.fromhex(body.decode()), "c-1")[0],
        value=lambda _name: VERSION,
        more=None,
        newer=_newer_entry,
        item="entry of the in-memory tier",
    ),
    Stored(
        name="group",
        makes=lambda: {"v1": item_json(group_item.to_item(RICH))},
        read=lambda body: group_item.from_item(item_of(body)),
        value=_group_value,
        more=both(
            MORE_ATTRIBUTE,
            in_json("doc", "JSON", **{UNKNOWN: "kept"}),
            in_json("doc", "JSON", "online", **{UNKNOWN: "kept"}),
            in_json("doc", "JSON", "offline", **{UNKNOWN: "kept"}),
        ),
        newer=in_json("doc", "JSON", format=2),
        item="feature group rich",
        rewrite=_group_replaced,
    ),
    Stored(
        name="feature-metadata",
        makes=_metadata_item,
        read=_metadata,
        value=lambda _name: METADATA,
        more=both(MORE_ATTRIBUTE, in_json("doc", "JSON", **{UNKNOWN: "kept"})),
        newer=in_json("doc", "JSON", format=2),
        item="feature words of group urich",
        rewrite=_metadata_replaced,
    ),
    Stored(
        name="heartbeats",
        makes=lambda: {"v1": item_json(beat_item.beats_item(BEATS))},
        read=lambda body: beat_item.beats_of(item_of(body)),
        value=lambda _name: BEATS,
        more=both(MORE_ATTRIBUTE, in_json("doc", "JSON", **{UNKNOWN: "kept"})),
        newer=in_json("doc", "JSON", format=2),
        item="item of heartbeats",
        rewrite=_beats_saved,
    ),
    Stored(
        name="failed-batch",
        makes=_failed_batches,
        read=records_of,
        value=lambda _name: CHANGES,
        more=in_json(**{UNKNOWN: "kept"}),
        newer=in_json(format=2),
        item="the object",
    ),
    Stored(
        name="staged-rows",
        makes=_staged,
        read=_staged_rows,
        value=lambda _name: (5, [row()]),
        more=in_json(**{UNKNOWN: "kept"}),
        newer=in_json(version=3),
        item="key",
    ),
    Stored(
        name="erased-marks",
        makes=lambda: {"v1": str(MARKS).encode()},
        read=lambda body: Marks.parse(body.decode()),
        value=lambda _name: MARKS,
        more=None,
        newer=_newer_text,
        item="marks of erasures",
    ),
    Stored(
        name="hive-slot",
        makes=_slots,
        read=_slot,
        value=_slot_value,
        more=in_json(**{UNKNOWN: "kept"}),
        newer=in_json(format=2),
        item="commits/slot",
        rewrite=_slot_replaced,
    ),
    Stored(
        name="hive-run-mark",
        makes=lambda: {"v1": str(hive_bulk.Mark(10, 20, "2024-01-31T12")).encode()},
        read=lambda body: hive_bulk.Mark.parse(body.decode()),
        value=lambda _name: hive_bulk.Mark(10, 20, "2024-01-31T12"),
        more=None,
        newer=_newer_text,
        item="run's mark",
    ),
    Stored(
        name="iceberg-run-mark",
        makes=lambda: {"v1": b"250000", "v1-done": b"done 1700000000"},
        read=_iceberg_mark,
        value=lambda name: "250000" if name == "v1" else "done 1700000000",
        more=None,
        newer=_newer_text,
        item="mark of run run-1",
    ),
    Stored(
        name="ingest-run",
        makes=_runs,
        read=_run,
        value=lambda _name: RUN,
        more=in_json(**{UNKNOWN: "kept"}),
        newer=in_json(format=2),
        item="ingest/ucustomers/run-1.json",
        rewrite=_run_noted,
    ),
    Stored(
        name="materialize-position",
        makes=_positions,
        read=_position,
        value=lambda _name: 42,
        more=in_json(**{UNKNOWN: "ignored"}),
        newer=in_json(format=2),
        item="materialize/positions/ucustomers.json",
    ),
    Stored(
        name="training-set-manifest",
        makes=lambda: {"v1": MANIFEST.to_json()},
        read=Manifest.from_json,
        value=lambda _name: MANIFEST,
        more=both(
            in_json(**{UNKNOWN: "kept"}),
            *(
                in_json(*path, **{UNKNOWN: "kept"})
                for path in (
                    ("columns",),
                    ("files",),
                    ("tables",),
                    ("labels",),
                    ("labels", "files"),
                    ("labels", "columns"),
                )
            ),
        ),
        newer=in_json(format=2),
        item="training set churn",
    ),
    Stored(
        name="consistency-report",
        makes=lambda: {"v1": json(orjson.loads(stored_reports.to_json(REPORT)))},
        read=stored_reports.from_json,
        value=lambda _name: REPORT,
        more=both(
            in_json(**{UNKNOWN: "kept"}),
            in_json("timeliness", **{UNKNOWN: "kept"}),
        ),
        newer=in_json(format=2),
        item="consistency report of card",
    ),
    Stored(
        name="monitoring-baseline",
        makes=lambda: {"v1": json(orjson.loads(baseline_json(BASELINE)))},
        read=baseline_from,
        value=lambda _name: BASELINE,
        more=in_json(**{UNKNOWN: "kept"}),
        newer=in_json(format=2),
        item="the baseline of model/late",
    ),
    Stored(
        name="monitoring-run",
        makes=lambda: {
            name: json(orjson.loads(run_json(run))) for name, run in MONITORED_RUNS.items()
        },
        read=run_from,
        value=MONITORED_RUNS.__getitem__,
        more=both(
            *(
                in_json(*path, **{UNKNOWN: "kept"})
                for path in ((), ("split",), ("variants",), ("variants", "drifts"))
            )
        ),
        newer=in_json(format=2),
        item="run 20261127T120000Z of endpoint scoring",
    ),
    Stored(
        name="monitoring-alert",
        makes=lambda: {"v1": json(orjson.loads(alert_json(ALERT)))},
        read=alert_from,
        value=lambda _name: ALERT,
        more=None,  # what a message has is passed on
        newer=in_json(format=2),
        item="the alert of delay",
    ),
    Stored(
        name="prediction-pin",
        makes=lambda: {"v1": pin_to_json(PIN)},
        read=pin_from_json,
        value=lambda _name: PIN,
        more=both(in_json(**{UNKNOWN: "kept"}), in_json("target", **{UNKNOWN: "kept"})),
        newer=in_json(format=2),
        item="pin of source customers",
    ),
    Stored(
        name="prediction-counts",
        makes=lambda: {"v1": counts_to_json(COUNTS)},
        read=counts_from_json,
        value=lambda _name: COUNTS,
        more=in_json(**{UNKNOWN: "kept"}),
        newer=in_json(format=2),
        item="counts of a shard",
    ),
    Stored(
        name="published-settings",
        makes=lambda: {"v1": json(SETTINGS.to_env())},
        read=_published,
        value=_published_value,
        more=in_json(LARDER_X_OF_A_NEWER_RELEASE="kept"),
        newer=in_json(LARDER_FORMAT="2"),
        item="/larder/dev/client",
    ),
)


def fixtures(form: Stored) -> dict[str, bytes]:
    """Bodies of a form's fixtures by their names."""
    return {each.stem: each.read_bytes() for each in sorted((FIXTURES / form.name).glob("v*"))}


def _write_missing() -> None:
    from moto import mock_aws  # noqa: PLC0415

    for form in FORMS:
        with mock_aws():
            made = form.makes()
        folder = FIXTURES / form.name
        folder.mkdir(parents=True, exist_ok=True)
        for name, body in made.items():
            suffix = "json" if body.lstrip().startswith(b"{") else "txt"
            path = folder / f"{name}.{suffix}"
            if not path.exists():
                path.write_bytes(body)
                print(path)


if __name__ == "__main__":
    _write_missing()
