"""Rows of Athena's results, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import refusal
from larder.models.report_experiment import Row
from larder.offline.queries import Queries

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient


@dataclass(frozen=True, slots=True)
class AthenaRows:
    """Implements ``larder.models.report_experiment.QueryRows``."""

    client: AthenaClient
    queries: Queries

    def rows(self, sql: str) -> Iterator[Row]:
        """Run a query; its rows without the line of names."""
        done = self.queries.run(sql, lambda _progress: None)
        try:
            pages = self.client.get_paginator("get_query_results").paginate(
                QueryExecutionId=done.execution_id
            )
            first = True
            for page in pages:
                for row in page["ResultSet"]["Rows"][first:]:
                    yield [cell.get("VarCharValue") for cell in row["Data"]]
                first = False
        except (ClientError, BotoCoreError) as error:
            raise refusal("Athena's result was not read", error) from error
