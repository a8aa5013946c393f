"""Records of an object from its bytes: lines of a range, in bounded memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from larder.transforms.errors import BadInput

_GZIP = 16 + zlib.MAX_WBITS
_PIECE = 1 << 20


def lines(chunks: Iterable[bytes], start: int, end: int, most: int) -> Iterator[bytes]:
    """The lines whose first byte lies from ``start`` to before ``end``, without their ends.

    ``chunks`` are the object's bytes from ``start - 1`` on, or from 0: so that a reader of a range
    sees whether a line begins with it. Blank lines are no records.

    Raises:
        BadInput: a line has more than ``most`` bytes.
    """
    at = max(0, start - 1)
    inside, pending = start == 0, b""
    for chunk in chunks:
        data = pending + chunk
        begin = 0
        while (cut := data.find(b"\n", begin)) >= 0:
            if inside and (line := _record(data[begin:cut], most)):
                yield line
            inside, begin = True, cut + 1
            if at + begin >= end:
                return
        if inside:
            pending = data[begin:]
            _check(len(pending), most)
            at += begin
        else:
            at += len(data)
    if inside and at < end and (line := _record(pending, most)):
        yield line


def gunzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes that were compressed, piece by piece; members one after another are one text.

    Raises:
        BadInput: they are not of gzip's form, or end too early.
    """
    reader, began = zlib.decompressobj(_GZIP), False
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                if reader.eof:
                    reader = zlib.decompressobj(_GZIP)
                began = True
                if piece := reader.decompress(rest, _PIECE):
                    yield piece
                rest = reader.unused_data if reader.eof else reader.unconsumed_tail
    except zlib.error as error:
        raise BadInput(f"CompressionType is Gzip, and it is no gzip file ({error}).") from None
    if began and not reader.eof:
        raise BadInput("CompressionType is Gzip, and the file ends too early: upload it again.")


def whole(chunks: Iterable[bytes], most: int) -> bytes:
    """All bytes together.

    Raises:
        BadInput: there are more than ``most``.
    """
    taken, size = [], 0
    for chunk in chunks:
        size += len(chunk)
        if size > most:
            raise BadInput(
                f"It has more than {most} bytes, the MaxPayloadInMB of one request: raise that, or "
                "set SplitType to Line."
            )
        taken.append(chunk)
    return b"".join(taken)


def batches(records: Iterable[bytes], most: int, *, several: bool) -> Iterator[list[bytes]]:
    """The records of each request, which has ``most`` bytes with the ends of lines."""
    batch: list[bytes] = []
    size = 0
    for record in records:
        if batch and (not several or size + len(record) + 1 > most):
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += len(record) + 1
    if batch:
        yield batch


def _record(line: bytes, most: int) -> bytes:
    _check(len(line), most)
    line = line.removesuffix(b"\r")
    return line if line.strip() else b""


def _check(size: int, most: int) -> None:
    if size > most:
        raise BadInput(
            f"A record has more than {most} bytes, the MaxPayloadInMB of one request: raise that, "
            "or shorten the record."
        )
