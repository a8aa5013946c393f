"""The offline store, asked by Athena as SageMaker's documentation does."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3

from tests.conformance.store import AT, ID, Store
from tests.conformance.waiting import eventually

_RUNNING = {"QUEUED", "RUNNING"}


@dataclass
class Offline:
    """Rows of groups, and what Glue and S3 hold of them."""

    store: Store

    @cached_property
    def athena(self) -> Any:
        return boto3.client("athena")

    @cached_property
    def glue(self) -> Any:
        return boto3.client("glue")

    @cached_property
    def s3(self) -> Any:
        return boto3.client("s3")

    def catalog(self, group):
        """Database and table of a group."""
        config = self.store.sm.describe_feature_group(FeatureGroupName=group)["OfflineStoreConfig"]
        return config["DataCatalogConfig"]["Database"], config["DataCatalogConfig"]["TableName"]

    def columns(self, group):
        """Column types by name, as Glue has them."""
        database, table = self.catalog(group)
        found = self.glue.get_table(DatabaseName=database, Name=table)["Table"]
        return {each["Name"]: each["Type"] for each in found["StorageDescriptor"]["Columns"]}

    def rows(self, group, identifier=None):
        """Rows as texts by column, oldest event first; null columns are left out."""
        database, table = self.catalog(group)
        where = f"WHERE \"{ID}\" = '{identifier}' " if identifier else ""
        return self.query(
            f'SELECT * FROM "{database}"."{table}" {where}ORDER BY "{AT}", write_time'
        )

    def eventually(self, group, identifier, count):
        """The rows once there are so many; fails where there are more."""
        found = self.until(lambda: len(rows := self.rows(group, identifier)) >= count and rows)
        assert len(found) == count, found
        return found

    def until(self, observe):
        """What is observed once it is true, as soon as a write may take to get here."""
        return eventually(observe, seconds=self.store.target.offline_seconds, pause=0.5)

    def query(self, sql):
        """Run a statement; the rows of its result as texts by column, null columns left out."""
        head, *rows = self._texts(sql) or [[]]  # a statement that is no query has no result
        return [{n: v for n, v in zip(head, row, strict=True) if v is not None} for row in rows]

    def columns_of(self, sql):
        """The names of a query's columns."""
        return self._texts(sql)[0]

    def table_type(self, group):
        """What the Glue table says it is; ICEBERG, or nothing for a Hive table."""
        database, table = self.catalog(group)
        found = self.glue.get_table(DatabaseName=database, Name=table)["Table"]
        return found.get("Parameters", {}).get("table_type", "").upper()

    def _texts(self, sql):
        """The texts of a statement's result, its header first."""
        started = self.athena.start_query_execution(
            QueryString=sql,
            WorkGroup=self.store.target.workgroup,
            ResultConfiguration={
                "OutputLocation": f"s3://{self.store.target.bucket}/athena-results"
            },
        )["QueryExecutionId"]

        def finished():
            found = self.athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]
            return found["Status"]["State"] not in _RUNNING and found["Status"]

        status = eventually(finished, seconds=300, pause=0.1)
        assert status["State"] == "SUCCEEDED", status
        pages = self.athena.get_paginator("get_query_results").paginate(QueryExecutionId=started)
        return [
            [cell.get("VarCharValue") for cell in row["Data"]]
            for page in pages
            for row in page["ResultSet"]["Rows"]
        ]


def deletions(rows):
    """Event times of the tombstones among rows."""
    return [row[AT] for row in rows if row["is_deleted"] == "true"]
