"""UBJSON, as XGBoost writes it: arrays of numbers come as numpy's, all else as plain values.

Source: ubjson.org, draft 12, and XGBoost's ``src/common/json.cc``.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

_NUMBERS: Final[dict[bytes, np.dtype[Any]]] = {
    b"i": np.dtype(">i1"),
    b"U": np.dtype(">u1"),
    b"I": np.dtype(">i2"),
    b"l": np.dtype(">i4"),
    b"L": np.dtype(">i8"),
    b"d": np.dtype(">f4"),
    b"D": np.dtype(">f8"),
}
_CONSTANTS: Final = {b"T": True, b"F": False, b"Z": None}


def read(data: bytes) -> Any:  # noqa: ANN401
    """The value of a document.

    Raises:
        ValueError: it is damaged, or nested deeper than Python recurses.
    """
    try:
        return _Reader(data).value()
    except (IndexError, RecursionError) as error:
        raise ValueError(f"no UBJSON: {error}") from error


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def value(self, kind: bytes = b"") -> Any:  # noqa: ANN401
        """The value that begins here; ``kind`` is its mark, where it was read already."""
        kind = kind or self._take(1)
        if kind in _NUMBERS:
            return self._numbers(kind, 1)[0].item()
        if kind in _CONSTANTS:
            return _CONSTANTS[kind]
        match kind:
            case b"S":
                return self._text()
            case b"C":
                return self._take(1).decode("latin-1")
            case b"[":
                return self._array()
            case b"{":
                return self._object()
        raise ValueError(f"no UBJSON: mark {kind!r} at {self._place}")

    def _take(self, size: int) -> bytes:
        taken = self._data[self._place : self._place + size]
        if len(taken) != size or size < 0:
            raise ValueError("no UBJSON: it ends in the middle")
        self._place += size
        return taken

    def _numbers(self, kind: bytes, count: int) -> Any:  # noqa: ANN401
        given = _NUMBERS[kind]
        return np.frombuffer(self._take(given.itemsize * count), given)

    def _text(self) -> str:
        return self._take(int(self.value())).decode("utf-8", "replace")

    def _array(self) -> Any:  # noqa: ANN401
        kind = b""
        if self._data[self._place] == ord("$"):
            kind = self._take(2)[1:]
        if self._data[self._place] == ord("#"):
            self._take(1)
            count = int(self.value())
            if kind in _NUMBERS:
                return self._numbers(kind, count)
            return [self.value(kind) for _ in range(count)]
        found = []
        while (mark := self._take(1)) != b"]":
            found.append(self.value(mark))
        return found

    def _object(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self._data[self._place] == ord("#"):
            self._take(1)
            for _ in range(int(self.value())):
                name = self._text()
                found[name] = self.value()
            return found
        while self._data[self._place] != ord("}"):
            name = self._text()
            found[name] = self.value()
        self._place += 1
        return found
