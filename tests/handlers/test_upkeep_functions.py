"""Heartbeat, offline writer, maintenance and ``larder offline status`` over moto, as deployed."""

import importlib
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import boto3
import orjson
import pytest

from larder.aws.dynamodb.boto import BotoDynamo
from larder.aws.s3_objects import training_sets_at
from larder.cli.main import main
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.offline.adapters.dynamodb_heartbeat_item import beat_item
from larder.offline.adapters.dynamodb_heartbeats import DynamoBeatStore
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.offline.adapters.iceberg.tables import IcebergTables
from larder.offline.watermark import MARGIN_MICROS, Heartbeat
from larder.settings.heartbeat import HeartbeatSettings
from larder.settings.maintenance import MaintenanceSettings
from larder.settings.offline_writer import OfflineWriterSettings
from larder.wiring.control_plane import now_micros
from tests.support.logs import metrics_in
from tests.support.moto_cloud import moto_cloud
from tests.support.offline import WRITTEN, make_lake, offline_group, row, rows_in, seconds
from tests.support.tables import create_records_table, create_registry_table


@pytest.fixture(scope="module")
def cloud():
    with moto_cloud() as endpoint:
        yield endpoint


class Context:
    def get_remaining_time_in_millis(self):
        return 100_000


class Bench:
    def __init__(self, monkeypatch):
        self.id = uuid4().hex[:8]
        self.bucket, self.registry_table, self.records_table = (
            f"{name}-{self.id}" for name in ("lake", "registry", "records")
        )
        make_lake(self.bucket)
        self.dynamodb = boto3.client("dynamodb")
        create_registry_table(self.dynamodb, self.registry_table)
        create_records_table(self.dynamodb, self.records_table)
        name = f"customers_{self.id}"
        location = f"s3://{self.bucket}/offline/{name}"
        self.group = offline_group(location, name=name, table=name, uid=f"u{self.id}")
        DynamoRegistry(BotoDynamo(self.dynamodb), self.registry_table).create(self.group)
        self.catalog = open_catalog()
        self.tables = IcebergTables(self.catalog)
        self.tables.create(self.group)
        self.monkeypatch = monkeypatch

    def handler(self, name, settings):
        for variable, value in settings.to_env().items():
            self.monkeypatch.setenv(variable, value)
        module = f"lambdas.{name}.handler"
        self.monkeypatch.delitem(sys.modules, module, raising=False)
        return lambda event: importlib.import_module(module).handler(event, Context())

    def append(self, number):
        rows = [row(f"c{place}", write_time=WRITTEN + number) for place in range(3)]
        self.tables.append(self.group, rows, remaining=seconds(60))

    @property
    def table(self):
        return self.catalog.load_table((self.group.offline.database, self.group.offline.table))


@pytest.fixture
def bench(cloud, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud)
    return Bench(monkeypatch)


def delivered(image):
    """A heartbeat's item as the stream delivers it."""
    stream = {"Keys": image, "NewImage": image, "SequenceNumber": "1"}
    return {"eventName": "MODIFY", "dynamodb": stream}


def test_a_heartbeat_that_the_writer_has_met_moves_the_watermark(bench, capsys, monkeypatch):
    arn = bench.dynamodb.describe_table(TableName=bench.records_table)["Table"]["LatestStreamArn"]
    beat = bench.handler(
        "heartbeat",
        HeartbeatSettings(
            registry_table=bench.registry_table,
            records_table=bench.records_table,
            records_stream=arn,
        ),
    )
    told = beat({})
    assert (told["watermark"], told["shards"], told["waiting"]) == (None, 1, 1)
    assert metrics_in(capsys.readouterr().out) == {"ScheduledRuns": 1.0, "ScheduledFailures": 0.0}
    write = bench.handler(
        "offline_writer",
        OfflineWriterSettings(registry_table=bench.registry_table, offline_bucket=bench.bucket),
    )
    items = bench.dynamodb.scan(TableName=bench.records_table)["Items"]
    records = [delivered(item) for item in items]
    assert write({"Records": records}) == {"batchItemFailures": []}
    newest = max(int(item["t"]["N"]) for item in items)
    # as if it had been a while ago
    monkeypatch.setattr("larder.wiring.offline.now_micros", lambda: newest + 60_000_000)
    monkeypatch.setenv("LARDER_RECORDS_TABLE", bench.records_table)
    capsys.readouterr()
    assert main(["offline", "status", "--json"]) == 0
    (status,) = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert status["group"] == bench.group.name
    assert newest - MARGIN_MICROS >= status["watermark"] > 0
    assert status["lag_seconds"] >= 90
    assert main(["offline", "status", "nobody"]) == 1


def test_the_note_about_a_heartbeat_never_goes_back(bench):
    write = bench.handler(
        "offline_writer",
        OfflineWriterSettings(registry_table=bench.registry_table, offline_bucket=bench.bucket),
    )
    now = now_micros()
    for time in (now, now - 5):
        write({"Records": [delivered(beat_item(Heartbeat("7", time)))]})
    store = DynamoBeatStore(BotoDynamo(bench.dynamodb), bench.registry_table)
    assert store.passed(["7", "8"]) == {"7": now}


def test_tables_are_kept_and_a_training_sets_snapshot_stays(bench):
    for number in range(8):
        bench.append(number)
    before = rows_in(bench.catalog, bench.group)
    keep = bench.handler(
        "maintenance",
        MaintenanceSettings(
            registry_table=bench.registry_table,
            offline_bucket=bench.bucket,
            snapshot_days=0,
            pinned_days=10,
            orphan_hours=72,
        ),
    )
    done = keep({})
    assert done["failed"] == {} and done["unreached"] == [] and done["overlaps"] == []
    assert done["kept"][bench.group.name]["merged"] == 8
    assert done["kept"][bench.group.name]["made"] == 1
    assert rows_in(bench.catalog, bench.group) == before
    assert keep({"groups": ["another"]})["kept"] == {}


def keeper(bench):
    settings = MaintenanceSettings(
        registry_table=bench.registry_table,
        offline_bucket=bench.bucket,
        snapshot_days=1,
        pinned_days=10,
        orphan_hours=72,
    )
    return bench.handler("maintenance", settings)


def test_r5_a_table_that_cannot_be_kept_is_a_metric_and_the_others_are_kept(bench, capsys):
    """R5: the failure was a log line, and no alarm could hear of it."""
    keep = keeper(bench)
    bench.append(1)
    lost = offline_group(
        f"s3://{bench.bucket}/offline/lost", name=f"lost_{bench.id}", table="lost", uid="ulost"
    )
    DynamoRegistry(BotoDynamo(bench.dynamodb), bench.registry_table).create(lost)
    done = keep({})
    assert (list(done["kept"]), list(done["failed"])) == ([bench.group.name], [lost.name])
    assert metrics_in(capsys.readouterr().out) == {"ScheduledRuns": 1.0, "ScheduledFailures": 1.0}
    keep({"groups": [bench.group.name]})
    assert metrics_in(capsys.readouterr().out) == {}  # or it would hide what the round left undone
    bench.tables.create(lost)
    assert keep({})["failed"] == {}
    assert metrics_in(capsys.readouterr().out) == {"ScheduledRuns": 1.0, "ScheduledFailures": 0.0}


def test_a_table_that_the_time_did_not_reach_is_a_failure_of_the_run(bench, capsys, monkeypatch):
    keep = keeper(bench)
    monkeypatch.setattr(Context, "get_remaining_time_in_millis", lambda _self: 25_000)
    assert keep({})["unreached"] == [bench.group.name]
    assert metrics_in(capsys.readouterr().out)["ScheduledFailures"] == 1.0


def test_a_manifest_that_cannot_be_read_stops_the_round(bench):
    keep = bench.handler(
        "maintenance",
        MaintenanceSettings(
            registry_table=bench.registry_table,
            offline_bucket=bench.bucket,
            snapshot_days=0,
            pinned_days=10,
            orphan_hours=72,
        ),
    )
    key = f"{training_sets_at(bench.bucket)}mine/manifest.json".split("/", 3)[3]
    boto3.client("s3").put_object(Bucket=bench.bucket, Key=key, Body=b"{}")
    with pytest.raises(Exception, match="no manifest of a training set"):
        keep({})


def test_the_functions_need_nothing_that_their_layer_lacks():
    settings = MaintenanceSettings(
        registry_table="r", offline_bucket="b", snapshot_days=1, pinned_days=1, orphan_hours=1
    )
    program = (
        "import sys\n"
        "absent = dict.fromkeys(('numpy', 'pandas', 'duckdb', 'sqlglot', 'pyiceberg_core'))\n"
        "sys.modules |= absent\n"
        "import lambdas.maintenance.handler\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | settings.to_env(),
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
