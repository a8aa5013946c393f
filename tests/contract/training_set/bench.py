"""A cloud for training sets: moto's S3 and Glue, the local Athena, groups with random histories."""

import itertools
import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import boto3
import pyarrow as pa

from larder import GroupFeatures
from larder.client.training_sets import TrainingSetsClient
from larder.errors import ValidationError
from larder.groups.feature_group import TableFormat
from larder.offline.adapters.by_format import TablesByFormat, open_tables
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.offline.feature_table import FeatureTable
from larder.progress import silent
from larder.training_sets.spec import TrainingSetSpec
from larder.wiring.sagemaker import ApiSettings
from larder.wiring.training_sets import open_training_sets
from larder.wiring.training_sets_over import HistorySettings
from local.athena.protocol.service import service
from local.athena.tables.cloud import Cloud
from tests.support.direct import platform_at
from tests.support.groups import OFFLINE, feature_group
from tests.support.offline import seconds

SETTINGS = HistorySettings(offline_bucket="lake", database="larder_dev", workgroup="larder")
API = ApiSettings(api_endpoint="http://127.0.0.1:9", region="us-east-1")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_numbers = itertools.count()


@contextmanager
def local_athena(endpoint, spill):
    """The endpoint of a local Athena over moto, with its bucket, database and workgroup."""
    cloud = Cloud(endpoint, endpoint, endpoint, "us-east-1", "testing", "testing")
    cloud.s3().create_bucket(Bucket="lake")
    cloud.glue().create_database(DatabaseInput={"Name": "larder_dev"})
    cloud.control_plane().create_work_group(
        Name="larder",
        Configuration={
            "ResultConfiguration": {"OutputLocation": "s3://lake/athena-results/"},
            "EnforceWorkGroupConfiguration": True,
        },
    )
    with service(cloud, ("127.0.0.1", 0), memory_limit="500MB", spill_directory=spill) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class KnownGroups:
    """Implements ``GroupTables`` over groups that the test made."""

    def __init__(self):
        self.tables = {}

    def get(self, group):
        if group not in self.tables:
            raise ValidationError(f"there is no feature group {group!r}")
        return self.tables[group]


@dataclass(frozen=True)
class Bench:
    """The client under test, and what it runs against."""

    client: TrainingSetsClient
    groups: KnownGroups
    tables: TablesByFormat
    engine: str = "athena"

    @classmethod
    def open(cls):
        (sets, rows), groups = open_training_sets(SETTINGS, API), KnownGroups()
        client = TrainingSetsClient(replace(sets, groups=groups), rows)
        return cls(client, groups, open_tables(boto3.client("s3")))

    @property
    def platform(self):
        """A platform whose training sets are these."""
        platform = platform_at(SETTINGS)
        platform.training_sets = self.client
        return platform

    def create(self, spec, labels, report=silent):
        """Make a set of that spec, on this bench's engine."""
        known = spec.known_as_of
        return self.client.create(
            spec.name,
            labels,
            event_time=spec.event_time,
            features=spec.groups,
            engine=self.engine,
            time_zone=spec.time_zone,
            known_as_of=None if known is None else EPOCH + timedelta(microseconds=known),
            as_known_then=spec.as_known_then,
            full_names=spec.full_names,
            partition_by=spec.partition_by,
            report=report,
        )

    def group(self, features, rows, name=None, table_format=TableFormat.ICEBERG):
        """A group of its own with that history."""
        name = name or f"group-{next(_numbers)}"
        table = name.replace("-", "_")
        group = feature_group(
            name,
            features=features,
            record_identifier_name=features[0].name,
            event_time_name=features[1].name,
            offline=replace(
                OFFLINE,
                table=table,
                location=f"s3://lake/offline/{table}",
                table_format=table_format,
            ),
        )
        self.tables.create(group)
        if rows:
            self.append(group, rows)
        self.groups.tables[name] = FeatureTable.of(group)
        return group

    def table(self, group):
        """The group's Iceberg table."""
        return open_catalog().load_table(("larder_dev", group.offline.table))

    def append(self, group, rows):
        self.tables.append(group, rows, remaining=seconds(30))

    def name(self):
        return f"set-{os.getpid()}-{next(_numbers)}"

    def spec(self, *groups, **changes):
        base = TrainingSetSpec(name=self.name(), event_time="asked", groups=groups)
        return replace(base, **changes)

    def tables_in_catalog(self):
        found = boto3.client("glue").get_tables(DatabaseName="larder_dev")["TableList"]
        return {table["Name"] for table in found}

    def objects(self, name):
        listed = boto3.client("s3").list_objects_v2(Bucket="lake", Prefix=f"training-sets/{name}/")
        return [each["Key"] for each in listed.get("Contents", [])]


def frame(case):
    """The labels of a case as an Arrow table."""
    times = pa.array([at for at, _, _ in case.labels], pa.int64()).cast(pa.timestamp("ns", "UTC"))
    return pa.table(
        {
            "asked": times,
            "K0": [key for _, key, _ in case.labels],
            "k1": [key for _, _, key in case.labels],
        }
    )


def asked(group, number, cut):
    """What a case asks of one of its groups."""
    look_back = None if cut.look_back is None else timedelta(microseconds=cut.look_back // 1000)
    return GroupFeatures(
        group=group.name, key=("K0", "k1")[number], prefix=f"g{number} ", look_back=look_back
    )
