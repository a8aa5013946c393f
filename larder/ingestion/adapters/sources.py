"""Rows to ingest: frames in memory, and files on this machine or S3, read as they are needed."""

from __future__ import annotations

from typing import Any

from larder.offline.adapters.iceberg.catalog import bucket_files
from larder.tabular import sources
from larder.tabular.files import Opening
from larder.tabular.reading import Reading
from larder.tabular.sources import Source

_PLAIN = Reading()


def open_source(given: Any, reading: Reading = _PLAIN) -> Source:  # noqa: ANN401 - any frame
    """Rows as ``larder.ingestion.ports.BulkSource``; raises as ``larder.tabular.sources`` says."""
    return sources.open_source(given, bucket_files, Opening(reading))
