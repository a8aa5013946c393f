"""One moto server with S3 and Glue, some tables in it, and the endpoint over it."""

import threading

import boto3
import pytest
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import DayTransform
from pyiceberg.types import (
    BooleanType,
    DoubleType,
    LongType,
    NestedField,
    StringType,
    TimestampType,
)

from local.athena.protocol.service import service
from local.athena.tables.cloud import Cloud
from tests.contract.athena.client import Athena
from tests.contract.athena.tables import events, make_visits
from tests.support.moto_cloud import moto_cloud


@pytest.fixture(scope="session")
def cloud():
    with moto_cloud() as endpoint:
        yield Cloud(
            endpoint=endpoint,
            s3_endpoint=endpoint,
            glue_endpoint=endpoint,
            region="eu-central-1",
            access_key="test",
            secret_key="test",
        )


@pytest.fixture(scope="session")
def s3(cloud):
    client = cloud.s3()
    location = {"LocationConstraint": cloud.region}
    client.create_bucket(Bucket="lake", CreateBucketConfiguration=location)
    client.create_bucket(Bucket="results", CreateBucketConfiguration=location)
    return client


@pytest.fixture(scope="session")
def glue(cloud, s3):
    client = cloud.glue()
    client.create_database(DatabaseInput={"Name": "shop", "LocationUri": "s3://lake/shop"})
    return client


@pytest.fixture(scope="session")
def iceberg(cloud, glue):
    return GlueCatalog("test", client=glue, **cloud.iceberg_properties())


@pytest.fixture(scope="session")
def tables(s3, glue, iceberg):
    """``shop.events`` (Iceberg, by day) and ``shop.visits`` (Hive, by ``dt``)."""
    schema = Schema(
        NestedField(1, "CustomerId", StringType()),
        NestedField(2, "amount", DoubleType()),
        NestedField(3, "items", LongType()),
        NestedField(4, "event_time", TimestampType()),
        NestedField(5, "is_deleted", BooleanType()),
    )
    by_day = PartitionSpec(PartitionField(4, 1000, DayTransform(), "event_time_day"))
    table = iceberg.create_table(
        "shop.events", schema, location="s3://lake/shop/events", partition_spec=by_day
    )
    table.append(events(("c1", 1.5, 1, 1), ("c2", None, 2, 2)))
    table.append(events(("c1", 7.25, 3, 3)))
    make_visits(s3, glue)
    return table


@pytest.fixture(scope="session")
def endpoint(cloud, s3, tmp_path_factory):
    """The endpoint's address; workgroup ``open`` lets clients choose, ``strict`` does not."""
    control = cloud.control_plane()
    for name, enforced in (("open", False), ("strict", True)):
        control.create_work_group(
            Name=name,
            Configuration={
                "ResultConfiguration": {"OutputLocation": f"s3://results/{name}/"},
                "EnforceWorkGroupConfiguration": enforced,
            },
        )
    spill = tmp_path_factory.mktemp("spill")
    with service(cloud, ("127.0.0.1", 0), memory_limit="500MB", spill_directory=spill) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def athena(endpoint, tables):
    client = boto3.client(
        "athena",
        endpoint_url=endpoint,
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    return Athena(client)
