"""Label files as a Glue table, for as long as a query reads them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from larder.errors import AccessForbidden, ServiceUnavailable
from larder.training_set_ports import StoredLabels

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_glue.type_defs import TableInputTypeDef

_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"


@dataclass(frozen=True, slots=True)
class GlueLabelTables:
    """Implements ``larder.training_set_ports.LabelTables``."""

    client: GlueClient
    database: str

    @contextmanager
    def table(self, name: str, labels: StoredLabels, *, training_set: str) -> Iterator[None]:
        """See the port."""
        try:
            self.client.create_table(
                DatabaseName=self.database, TableInput=_table_input(name, labels, training_set)
            )
        except (ClientError, BotoCoreError) as error:
            raise _translated(error, f"could not make the table {self.database}.{name}") from error
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
            raise _translated(error, what) from error


def _table_input(name: str, labels: StoredLabels, training_set: str) -> TableInputTypeDef:
    return {
        "Name": name,
        "Description": f"Labels of training set {training_set}; gone when its query ends",
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
        "StorageDescriptor": {
            "Location": labels.location,
            "Columns": [{"Name": column, "Type": kind} for column, kind in labels.schema],
            "InputFormat": f"{_PARQUET}.MapredParquetInputFormat",
            "OutputFormat": f"{_PARQUET}.MapredParquetOutputFormat",
            "SerdeInfo": {"SerializationLibrary": f"{_PARQUET}.serde.ParquetHiveSerDe"},
        },
    }


def _translated(error: ClientError | BotoCoreError, what: str) -> Exception:
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    if code in ("AccessDeniedException", "AccessDenied"):
        return AccessForbidden(f"{what}: {error}")
    return ServiceUnavailable(f"{what}: {error}")
