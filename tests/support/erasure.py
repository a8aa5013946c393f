"""A platform whose records are erased by the command: moto's stores, one group in its lives."""

import time
from dataclasses import replace
from uuid import uuid4

import boto3
import orjson

from larder.aws.dynamodb.boto import BotoDynamo
from larder.aws.s3_versions import S3Versions
from larder.cli.main import main
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.groups.feature_group import FeatureGroupStatus, TableFormat, TargetStore
from larder.offline.adapters.by_format import open_tables
from larder.offline.adapters.iceberg.catalog import open_catalog
from larder.records.adapters.dynamodb import DynamoRecordStore
from larder.records.write import DeleteRecord, RecordWriter
from tests.faults.writer_process import consumer, group_of
from tests.support.groups import group_settings
from tests.support.offline import OneByOne, hive_rows, make_lake, rows_in, stream_record, version
from tests.support.tables import create_records_table, create_registry_table

SUBJECT = "erase-me-4711"
PLAIN = {"write.avro.compression-codec": "null"}
BYTES = {"write.parquet.compression-codec": "uncompressed"}


class ErasureBench:
    """The platform; ``group`` is the present life of the name."""

    def __init__(self, monkeypatch, table_format=TableFormat.ICEBERG):
        self.id, self.format, self.lives = uuid4().hex[:8], table_format, 0
        self.bucket = f"lake-{self.id}"
        make_lake(self.bucket)
        self.s3 = boto3.client("s3")
        self.s3.put_bucket_versioning(
            Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"}
        )
        self.dynamodb = boto3.client("dynamodb")
        create_registry_table(self.dynamodb, f"registry-{self.id}")
        create_records_table(self.dynamodb, f"records-{self.id}")
        for name in ("registry", "records"):
            monkeypatch.setenv(f"LARDER_{name.upper()}_TABLE", f"{name}-{self.id}")
        monkeypatch.setenv("LARDER_OFFLINE_BUCKET", self.bucket)
        self.registry = DynamoRegistry(BotoDynamo(self.dynamodb), f"registry-{self.id}")
        self.catalog, self.tables = open_catalog(), open_tables(self.s3)
        self.store = DynamoRecordStore(BotoDynamo(self.dynamodb), f"records-{self.id}")
        self.start = time.time_ns() // 1000 - 10**9
        monkeypatch.setattr("larder.wiring.erasure.hard_delete_by", lambda _: self.hard_delete)
        self.create(table_format)

    def create(self, table_format):
        """Create the group, or create it again."""
        self.lives += 1
        self.format = table_format
        group = group_of(table_format, f"customers_{self.id}_{self.lives}", self.bucket)
        self.group = replace(
            group,
            name=f"customers_{self.id}",
            uid=f"u{self.lives}-{self.id}",
            creation_time=group.creation_time + self.lives,
        )
        self.registry.create(self.group)
        self.tables.create(self.group)
        if table_format is TableFormat.ICEBERG:
            with self.table.transaction() as change:
                change.set_properties(PLAIN | BYTES)
        self.consume = consumer(OneByOne(self.tables), self.group)

    def delete(self):
        """Delete the group, as its function does at the end."""
        deleting = replace(self.group, status=FeatureGroupStatus.DELETING)
        self.registry.remove(self.registry.replace(deleting))
        return self.group

    def hard_delete(self, group, identifier, event_time):
        """What the endpoint does with DeleteRecord."""
        writer = RecordWriter(self.store, group_settings(self.group))
        request = DeleteRecord(
            group, identifier, event_time, hard=True, targets=frozenset({TargetStore.ONLINE})
        )
        writer.delete(request)

    @property
    def table(self):
        """The present life's Iceberg table."""
        return self.catalog.load_table((self.group.offline.database, self.group.offline.table))

    def records(self, count=12, subject=SUBJECT):
        """Stream records, every third of them of the subject."""
        each = []
        for number in range(count):
            who = subject if number % 3 == 0 else f"someone-{number:04}"
            values = {
                "customer_id": who,
                "event_time": f"2024-01-{number % 2 + 10}T12:00:{number % 60:02}Z",
            }
            new = version(self.group, values, write_time=self.start + number)
            each.append(stream_record(self.group, new=new, sequence=number))
        return each

    def run(self, capsys, *options, subject=SUBJECT, status=0):
        """The command's report."""
        capsys.readouterr()
        assert main(["erase", self.group.name, subject, "--json", *options]) == status
        return orjson.loads(capsys.readouterr().out)

    def holding(self, text=SUBJECT):
        """Keys of all object versions that hold the text."""
        found = []
        for each in S3Versions(self.s3).below(self.bucket, ""):
            if not each.marker:
                body = self.s3.get_object(Bucket=self.bucket, Key=each.key, VersionId=each.id)
                if text.encode() in body["Body"].read():
                    found.append(each.key)
        return found

    def identifiers(self, group=None):
        """The identifiers in the offline table of the present life, or of that group's."""
        group = group or self.group
        hive = group.offline.table_format is TableFormat.GLUE
        rows = hive_rows(group) if hive else rows_in(self.catalog, group)
        return [row["customer_id"] for row in rows]


def counts(done):
    """The counts of a report by the kind of place and what was counted; lives are added up."""
    found = {}
    for each in done["traces"]:
        key = (each["place"].split()[0], each["what"])
        found[key] = found.get(key, 0) + each["count"]
    return found
