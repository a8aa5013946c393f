"""One moto server and one local Athena over it, with a table of events."""

import boto3
import pyarrow.parquet as pq
import pytest
from pyiceberg.catalog.glue import GlueCatalog

from local.athena.tables.cloud import Cloud
from tests.contract.athena.client import Athena
from tests.contract.athena.tables import hive_table, put_parquet
from tests.contract.training_set.bench import local_athena
from tests.support.moto_cloud import moto_cloud

HIVE = {"string": "string", "int64": "bigint", "double": "double"}


class Lake:
    """Tables of Parquet, and what Athena's UNLOAD writes of them."""

    def __init__(self, endpoint, athena):
        # made before a test's environment is
        session = boto3.Session("testing", "testing", region_name="us-east-1")
        self.s3 = session.client("s3", endpoint_url=endpoint)
        self.glue = session.client("glue", endpoint_url=endpoint)
        self._client = session.client("athena", endpoint_url=athena)
        cloud = Cloud(endpoint, endpoint, endpoint, "us-east-1", "testing", "testing")
        self._iceberg = GlueCatalog("test", client=self.glue, **cloud.iceberg_properties())
        self._athena = Athena(self._client)

    def add_iceberg_table(self, name, rows):
        made = self._iceberg.create_table(
            f"larder_dev.{name}", rows.schema, location=f"s3://lake/{name}"
        )
        made.append(rows)

    def add_hive_table(self, name, rows):
        columns = {field.name: HIVE[str(field.type)] for field in rows.schema}
        table = hive_table(name, columns, {}, f"s3://lake/{name}/")
        self.glue.create_table(DatabaseName="larder_dev", TableInput=table)
        put_parquet(self.s3, f"{name}/rows.parquet", rows)

    def run(self, statement):
        ran = self._athena.run(statement, workgroup="larder")
        assert ran.state == "SUCCEEDED", ran.reason

    def read(self, prefix, folder):
        """The rows of the Parquet files below a prefix."""
        found = self.s3.list_objects_v2(Bucket="lake", Prefix=prefix).get("Contents", [])
        tables = []
        for number, each in enumerate(found):
            self.s3.download_file("lake", each["Key"], str(folder / f"{number}.parquet"))
            tables += pq.read_table(folder / f"{number}.parquet").to_pylist()
        return tables

    def close(self):
        for client in (self.s3, self.glue, self._client):
            client.close()


@pytest.fixture(scope="session")
def lake(tmp_path_factory):
    with (
        moto_cloud() as endpoint,
        local_athena(endpoint, tmp_path_factory.mktemp("spill")) as athena,
    ):
        made = Lake(endpoint, athena)
        yield made
        made.close()
