"""Files of text as streams of UTF-8: unpacked, decoded, and looked at before they are read."""

from __future__ import annotations

import codecs
import re
import shlex
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from larder.errors import ValidationError
from larder.tabular.reading import Reading

Stream = Any  # pyarrow is untyped
_START = 1024 * 1024
_GZIP = b"\x1f\x8b"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PLAIN = frozenset({"utf-8", "utf-8-sig", "ascii"})
_KINDS = {b"PAR1": "a Parquet file", b"PK\x03\x04": "a zip or Excel file", b"ARROW1": "Arrow"}
_DELIMITERS = ",;\t|"
_SEPARATOR = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_LINE = re.compile(r"(\r\n|\r|\n)")
_RECORD = re.compile(r'(?:[^"\r\n]|"(?:[^"]|"")*")*')


@dataclass(frozen=True, slots=True)
class Start:
    """What the start of a file of text tells.

    ``skipped`` lines come before the header, which is ``header``; a file of blanks has none.
    ``has_rows`` says that something comes after it.
    """

    encoding: str
    is_packed: bool
    header: str
    skipped: int
    delimiter: str
    has_rows: bool


def look_at(filesystem: Any, path: str, address: str, reading: Reading) -> Start:  # noqa: ANN401
    """Find out how a file of text is to be read.

    Raises:
        ValidationError: it is no text, or none in the encoding that is known.
    """
    with filesystem.open_input_file(path) as raw:
        is_packed = raw.read(len(_GZIP)) == _GZIP
        raw.seek(0)
        start = (pa.CompressedInputStream(raw, "gzip") if is_packed else raw).read(_START)
    if kind := next((k for magic, k in _KINDS.items() if start.startswith(magic)), None):
        raise ValidationError(f"{address} is no text but {kind}: give its name that ending")
    mark = next((name for bom, name in _MARKS if start.startswith(bom)), None)
    encoding = mark or codecs.lookup(reading.encoding or "utf-8").name
    text = _decoded(start, encoding, address, guessed=not (mark or reading.encoding))
    header, rest, skipped, said = _header(text)
    delimiter = reading.delimiter or said or _delimiter(header, path)
    has_rows = bool(rest.strip(" \r\n")) or len(start) == _START
    return Start(encoding, is_packed, header, skipped, delimiter, has_rows)


def open_text(raw: Stream, start: Start) -> Stream:
    """The file's text in UTF-8, without a byte order mark; ``raw`` is at its first byte."""
    stream = pa.CompressedInputStream(raw, "gzip") if start.is_packed else raw
    if start.encoding in _PLAIN:
        return stream
    return pa.transcoding_input_stream(stream, start.encoding, "utf-8")


def check_delimiter(start: Start, address: str) -> None:
    """Refuse a delimiter that the header lacks while it has another one.

    Raises:
        ValidationError: naming both.
    """
    header = _unquoted(start.header)
    best = max(_DELIMITERS, key=header.count)
    if start.delimiter not in header and best in header:
        raise ValidationError(
            f"{address}: the header has no {start.delimiter!r} but {header.count(best)} {best!r}: "
            f"say which delimiter it has (--delimiter {shlex.quote(_named(best))})"
        )


def _decoded(start: bytes, encoding: str, address: str, *, guessed: bool) -> str:
    try:
        text: str = codecs.getincrementaldecoder(encoding)().decode(start)
    except UnicodeDecodeError as error:
        line = start[: error.start].count(b"\n") + 1
        odd = f"byte 0x{start[error.start]:02x} in line {line}"
        cure = "windows-1252 or latin-1" if guessed else "another one, such as windows-1252"
        raise ValidationError(
            f"{address} is no text in {encoding} ({odd}): if it is text, say which encoding it has "
            f"(--encoding {cure.partition(' or ')[0] if guessed else 'windows-1252'}); "
            f"often it is {cure}"
        ) from error
    if "\0" in text:
        raise ValidationError(
            f"{address} is no text in {encoding}, for it holds zero bytes: if it is text, say "
            "which encoding it has (--encoding utf-16-le), else give its name its own ending"
        )
    return text.removeprefix("\ufeff")


def _header(text: str) -> tuple[str, str, int, str | None]:
    """The header, what comes after it, how many lines before it, and the delimiter said there.

    Excel writes a line ``sep=;`` before the header.
    """
    skipped, said = 0, None
    while text:
        line, _, rest = [*_LINE.split(text, maxsplit=1), "", ""][:3]
        match = _SEPARATOR.fullmatch(line) if said is None else None
        if match:
            said = match[1]
        elif line.strip():
            header = _RECORD.match(text)
            whole = header[0] if header and len(header[0]) > len(line) else line
            return whole, text[len(whole) :], skipped, said
        text, skipped = rest, skipped + 1
    return "", "", skipped, said


def _delimiter(header: str, path: str) -> str:
    """The delimiter that a header has most of outside of quotes; the ending's if it has none."""
    unquoted = _unquoted(header)
    usual = "\t" if ".tsv" in path.lower() else ","
    best: str = max([usual, *_DELIMITERS], key=unquoted.count)
    return best


def _unquoted(header: str) -> str:
    return re.sub(r'"(?:[^"]|"")*"', "", header)


def _named(delimiter: str) -> str:
    return "tab" if delimiter == "\t" else delimiter
