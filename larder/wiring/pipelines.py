"""Feature pipelines on this machine, without a platform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from larder.errors import ValidationError
from larder.pipelines.adapters.duckdb_rows import EVENTS, Newest, newest_rows
from larder.pipelines.adapters.event_files import read_events
from larder.pipelines.definition import Pipeline
from larder.tabular.reading import Reading


def rows_of_files(
    pipeline: Pipeline, files: Mapping[str, str], until: int, reading: Reading
) -> Newest:
    """The newest rows at an instant, of events in files by the table that each is.

    A file for no table, under the name "", has the rows that the whole source gives.

    Raises:
        ValidationError: a file can't be read, or the definition does not go with its columns.
    """
    wanted = set(pipeline.source.tables) or {pipeline.source.table or ""}
    if set(files) not in ({""}, wanted):
        names = ", ".join(sorted(str(each) for each in wanted if each)) or "no table of its own"
        raise ValidationError(
            f"--events: the source reads {names}: give --events FILE with the rows that the source "
            "gives, or --events TABLE=FILE for each of its tables"
        )
    tables = {
        table or EVENTS: read_events(address, pipeline, _bucket_files, reading)
        for table, address in files.items()
    }
    return newest_rows(pipeline, tables, until)


def _bucket_files(bucket: str) -> Any:  # noqa: ANN401 - pyarrow is untyped
    from larder.offline.adapters.iceberg.catalog import bucket_files  # noqa: PLC0415 - S3 alone

    return bucket_files(bucket)
