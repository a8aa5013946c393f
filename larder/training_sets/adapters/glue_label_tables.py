"""Label files as a Glue table, for as long as a query reads them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import refusal
from larder.offline.adapters.glue_parquet import parquet_table
from larder.training_sets.ports import StoredLabels

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient


@dataclass(frozen=True, slots=True)
class GlueLabelTables:
    """Implements ``larder.training_sets.ports.LabelTables``."""

    client: GlueClient
    database: str

    @contextmanager
    def table(self, name: str, labels: StoredLabels, *, training_set: str) -> Iterator[None]:
        try:
            about = f"Labels of training set {training_set}; gone when its query ends"
            table = parquet_table(name, dict(labels.schema), labels.location, description=about)
            self.client.create_table(DatabaseName=self.database, TableInput=table)
        except (ClientError, BotoCoreError) as error:
            raise refusal(f"could not make the table {self.database}.{name}", error) from error
        try:
            yield
        finally:
            self._drop(name)

    def _drop(self, name: str) -> None:
        try:
            self.client.delete_table(DatabaseName=self.database, Name=name)
        except self.client.exceptions.EntityNotFoundException:
            return  # an earlier try dropped it, whose answer was lost
        except (ClientError, BotoCoreError) as error:
            what = f"could not drop the temporary table {self.database}.{name}; drop it by hand"
            raise refusal(what, error) from error
