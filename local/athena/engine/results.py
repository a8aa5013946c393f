"""Result files in S3, as Athena leaves them, and pages of rows read back from them.

A SELECT leaves ``<id>.csv``: a header, every value quoted, null as nothing at all (an empty string
is ``""``). Other statements leave lines of text in ``<id>.txt``. Rows go to S3 as they come and
pages are read from there. So a large result never has to fit in memory; the token of the next page
is the byte at which it starts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError

from local.athena.denials import is_denial, result_not_writable
from local.athena.engine.session import Answer, Cells
from local.athena.errors import RequestRefused
from local.athena.protocol.workgroups import Output
from local.athena.tables.cloud import Cloud, split_s3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_IN_MEMORY = 8 << 20
_CHUNK = 1 << 16
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')


class ResultFiles:
    """Writes and reads result files."""

    def __init__(self, cloud: Cloud) -> None:
        self._s3: S3Client = cloud.s3()

    def require_bucket(self, output: Output) -> None:
        """Refuse an output whose bucket is not there, or not for this caller.

        Raises:
            RequestRefused: as Athena words it.
        """
        bucket, _ = split_s3(output.prefix)
        try:
            self._s3.get_bucket_location(Bucket=bucket)
        except ClientError:
            text = f"Unable to verify/create output bucket {bucket}"
            raise RequestRefused(text) from None

    def write(self, address: str, answer: Answer, output: Output) -> None:
        """Write an answer's rows and, beside them, its columns."""
        with SpooledTemporaryFile(_IN_MEMORY) as file:
            if answer.header:
                file.write(_csv_line([column.name for column in answer.columns]))
            line = _csv_line if answer.header else _text_line
            for cells in answer.rows:
                file.write(line(cells))
            file.seek(0)
            self._upload(address, file, output)
        columns = {"columnInfo": [column.info() for column in answer.columns]}
        self.write_bytes(f"{address}.metadata", json.dumps(columns).encode(), output)

    def write_bytes(self, address: str, content: bytes, output: Output) -> None:
        """Write one small object."""
        bucket, key = split_s3(address)
        extra: Any = output.upload_arguments()
        with _writing(address):
            self._s3.put_object(Bucket=bucket, Key=key, Body=content, **extra)

    def page(
        self, address: str, *, start: int, count: int, is_csv: bool
    ) -> tuple[list[Cells], int | None]:
        """Up to ``count`` rows from the byte ``start`` on, and where the next page starts.

        Raises:
            RequestRefused: the caller may not read the result, or it is gone.
        """
        bucket, key = split_s3(address)
        try:
            size = self._s3.head_object(Bucket=bucket, Key=key)["ContentLength"]
        except ClientError as error:
            raise _unreadable(error, address) from None
        if start >= size:
            return [], None
        body = self._s3.get_object(Bucket=bucket, Key=key, Range=f"bytes={start}-")["Body"]
        rows: list[Cells] = []
        for record in _records(body.iter_chunks(_CHUNK), is_csv=is_csv):
            if len(rows) == count:
                break
            rows.append(_cells(record.decode()) if is_csv else [record.decode()[:-1]])
            start += len(record)
        body.close()
        return rows, start if start < size else None

    def _upload(self, address: str, file: SpooledTemporaryFile[bytes], output: Output) -> None:
        bucket, key = split_s3(address)
        with _writing(address):
            self._s3.upload_fileobj(file, bucket, key, ExtraArgs=output.upload_arguments())


@contextmanager
def _writing(address: str) -> Iterator[None]:
    """Tell a refusal of S3's as that of a result.

    Raises:
        QueryFailed: the caller may not write there.
    """
    try:
        yield
    except ClientError as error:
        if not is_denial(error):
            raise
        raise result_not_writable(address) from None
    except S3UploadFailedError as error:
        if "(AccessDenied)" not in str(error):
            raise
        raise result_not_writable(address) from None


def _unreadable(error: ClientError, address: str) -> RequestRefused:
    if is_denial(error):
        text = f"Permission denied on S3 path: {address}"
        return RequestRefused(text, kind="AccessDeniedException", code="")
    return RequestRefused(f"Could not find results at {address}")


def _csv_line(cells: Sequence[str | None]) -> bytes:
    quoted = ("" if cell is None else '"' + cell.replace('"', '""') + '"' for cell in cells)
    return (",".join(quoted) + "\n").encode()


def _text_line(cells: Sequence[str | None]) -> bytes:
    return ("\t".join(cell or "" for cell in cells).replace("\n", " ") + "\n").encode()


def _records(chunks: Iterable[bytes], *, is_csv: bool) -> Iterator[bytes]:
    """Split bytes into records; in CSV a line end inside quotes ends none."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        record = b""
        for line in lines:
            record += line + b"\n"
            if not is_csv or record.count(b'"') % 2 == 0:
                yield record
                record = b""
        rest = record + rest


def _cells(record: str) -> list[str | None]:
    cells: list[str | None] = []
    at = 0
    while at < len(record):
        quoted = _QUOTED.match(record, at)
        cells.append(quoted[1].replace('""', '"') if quoted else None)
        at = (quoted.end() if quoted else at) + 1  # over the comma or the line's end
    return cells
