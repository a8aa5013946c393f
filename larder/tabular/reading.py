"""How files of text are read, where a caller says so and nothing is to be found out."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from larder.errors import ValidationError

_SPOKEN = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a caller says of files of text.

    Attributes:
        delimiter: the character between two cells, or its name (``tab``). By default it is the
            comma, semicolon, tab or pipe that a file's header has most of.
        encoding: the encoding, by Python's name. By default it is UTF-8, or UTF-16 or UTF-32 where
            a file begins with their byte order mark.

    Raises:
        ValidationError: there is no such encoding, or the delimiter is not one character.
    """

    delimiter: str | None = None
    encoding: str | None = None

    def __post_init__(self) -> None:
        """Check both; a delimiter's name becomes the character."""
        if self.delimiter is not None:
            object.__setattr__(self, "delimiter", _character(self.delimiter))
        if self.encoding is not None and not _is_text_encoding(self.encoding):
            raise ValidationError(
                f"--encoding: there is no text encoding {self.encoding[:40]!r}: write for example "
                "utf-8, utf-16, latin-1 or windows-1252"
            )


def _character(delimiter: str) -> str:
    found = _SPOKEN.get(delimiter.lower(), delimiter)
    if len(found) != 1 or not found.isascii() or found in '"\r\n\0':
        raise ValidationError(
            f"--delimiter: {delimiter[:40]!r} is not one character that can be between cells: "
            "give for example ',', ';', '|' or tab"
        )
    return found


def _is_text_encoding(name: str) -> bool:
    try:
        "".encode(name)
        codecs.getincrementaldecoder(name)
    except (LookupError, ValueError):
        return False
    return True
