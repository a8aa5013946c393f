"""A Glue catalog whose tables share one S3 client, and write a small file by one request.

PyIceberg makes a client for every table that it loads, so each begins with new connections. Arrow
writes every file in three requests (a multipart upload), and PyIceberg first looks twice whether
the file exists. Its names are all new: each has a UUID. A commit of a few rows took 31 requests by
that, of which 15 were to write four files.
"""

from __future__ import annotations

from typing import Any

from pyarrow.fs import FileSystem, S3FileSystem
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.io import FileIO, OutputStream
from pyiceberg.io.pyarrow import PyArrowFile, PyArrowFileIO
from pyiceberg.typedef import EMPTY_DICT, Properties


class SharingCatalog(GlueCatalog):
    """PyIceberg's, over one ``FileIO``: the tables' own properties name no other storage."""

    def __init__(self, name: str, client: Any, **properties: str) -> None:  # noqa: ANN401 - Glue's
        """See ``GlueCatalog``."""
        super().__init__(name, client=client, **properties)
        self._files = NewFiles(properties)

    def _load_file_io(
        self,
        properties: Properties = EMPTY_DICT,  # noqa: ARG002 - of a table
        location: str | None = None,  # noqa: ARG002
    ) -> FileIO:
        return self._files


class NewFiles(PyArrowFileIO):
    """Files on S3, of which those that are written have new names.

    A failure to open a file for writing comes when it is closed: what writes it must close it.
    """

    def _initialize_s3_fs(self, netloc: str | None) -> FileSystem:  # noqa: ARG002 - of any bucket
        given = self.properties
        return S3FileSystem(
            region=given["s3.region"],
            endpoint_override=given.get("s3.endpoint"),
            connect_timeout=float(given["s3.connect-timeout"]),
            request_timeout=float(given["s3.request-timeout"]),
            allow_delayed_open=True,
        )

    def new_output(self, location: str) -> PyArrowFile:
        """A file to be written."""
        file = super().new_output(location)
        return _NewFile(location, file._path, file._filesystem, file._buffer_size)


class _NewFile(PyArrowFile):
    def create(self, overwrite: bool = False) -> OutputStream:  # noqa: ARG002 - it has no forerunner
        return super().create(overwrite=True)
