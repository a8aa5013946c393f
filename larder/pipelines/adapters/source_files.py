"""Files of tables in the Glue catalog: of Iceberg by its metadata, of others by listing S3."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.types import NestedField, PrimitiveType, TimestampType, TimestamptzType

from larder.aws.refusals import refusal
from larder.aws.s3_objects import Objects
from larder.pipelines.backfill import SourceFile
from larder.pipelines.definition import TimeUnit
from larder.pipelines.sql.bounds import UNITS


@dataclass(frozen=True, slots=True)
class CatalogFiles:
    """Implements ``larder.pipelines.backfill.SourceFiles``.

    ``load`` gives an Iceberg table by its name, or ``None`` where it is no Iceberg table.
    """

    load: Callable[[str], Table | None]
    glue: Any  # boto3's
    objects: Objects

    def of(self, table: str, column: str | None, unit: TimeUnit) -> Sequence[SourceFile]:
        try:
            found = self.load(table)
            if found is not None:
                return list(_iceberg(found, column, unit))
            return [SourceFile(size) for _, size in self.objects.listed(self._location(table))]
        except (ClientError, BotoCoreError) as error:
            raise refusal(f"the files of {table} can't be listed", error) from error

    def _location(self, table: str) -> str:
        database, _, name = table.partition(".")
        told = self.glue.get_table(DatabaseName=database, Name=name)["Table"]
        return f"{told['StorageDescriptor']['Location'].rstrip('/')}/"


def _iceberg(table: Table, column: str | None, unit: TimeUnit) -> Iterator[SourceFile]:
    wanted = (column or "").lower()
    field = next((each for each in table.schema().fields if each.name.lower() == wanted), None)
    for task in table.scan().plan_files():
        file, size = task.file, task.file.file_size_in_bytes
        size += sum(each.file_size_in_bytes for each in task.delete_files)
        first, last = _bounds(file, field, unit) if field is not None else (None, None)
        yield SourceFile(size, first, last)


def _bounds(file: DataFile, field: NestedField, unit: TimeUnit) -> tuple[int | None, int | None]:
    """The least and the greatest instant by the file's statistics, in microseconds."""
    kind = field.field_type
    factor = 1 if isinstance(kind, TimestampType | TimestamptzType) else UNITS.get(unit)
    bounds = (file.lower_bounds, file.upper_bounds)
    least, most = ((each or {}).get(field.field_id) for each in bounds)
    if factor is None or not isinstance(kind, PrimitiveType) or least is None or most is None:
        return None, None
    first, last = (from_bytes(kind, each) for each in (least, most))
    return int(first * factor), int(last * factor) + 1
