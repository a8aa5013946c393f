"""A client of the endpoint that waits for its statements."""

import time
from dataclasses import dataclass

from tests.support.deadlines import PATIENCE

DEADLINE_SECONDS = PATIENCE


@dataclass(frozen=True)
class Ran:
    """A finished execution as a client sees it."""

    client: object
    document: dict

    @property
    def id(self):
        return self.document["QueryExecutionId"]

    @property
    def state(self):
        return self.document["Status"]["State"]

    @property
    def reason(self):
        return self.document["Status"].get("StateChangeReason", "")

    @property
    def columns(self):
        metadata = self.client.get_query_results(QueryExecutionId=self.id)["ResultSet"]
        return [(c["Name"], c["Type"]) for c in metadata["ResultSetMetadata"]["ColumnInfo"]]

    @property
    def all_rows(self):
        pages = self.client.get_paginator("get_query_results").paginate(QueryExecutionId=self.id)
        rows = [row["Data"] for page in pages for row in page["ResultSet"]["Rows"]]
        return [tuple(cell.get("VarCharValue") for cell in row) for row in rows]

    @property
    def rows(self):
        """The rows without the header that a SELECT's results begin with."""
        return self.all_rows[1:] if self.document["StatementType"] == "DML" else self.all_rows


class Athena:
    """Sends statements and waits for their end."""

    def __init__(self, client):
        self.client = client

    def run(self, sql, *parameters, workgroup="open", **options):
        if parameters:
            options["ExecutionParameters"] = list(parameters)
        options.setdefault("QueryExecutionContext", {"Database": "shop"})
        started = self.client.start_query_execution(QueryString=sql, WorkGroup=workgroup, **options)
        return self.wait(started["QueryExecutionId"])

    def wait(self, query_id):
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            found = self.client.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
            if found["Status"]["State"] not in ("QUEUED", "RUNNING"):
                return Ran(self.client, found)
            time.sleep(0.02)
        raise AssertionError(f"{query_id} did not end in {DEADLINE_SECONDS} s: {found}")

    def rows(self, sql, *parameters):
        ran = self.run(sql, *parameters)
        assert ran.state == "SUCCEEDED", ran.reason
        return ran.rows

    def reason(self, sql, *parameters, **options):
        ran = self.run(sql, *parameters, **options)
        assert ran.state == "FAILED", ran.document
        return ran.reason
