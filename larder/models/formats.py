"""What a model file is, by its content and never by its name.

Pickles are refused: to read one is to run what its author wrote.
"""

from __future__ import annotations

import re
import zlib
from enum import StrEnum
from typing import Final

from larder.errors import ValidationError
from larder.models.served import Runtime

HEAD: Final = 4096
"""So many bytes of a file say what it is."""
_PICKLE: Final = re.compile(
    rb"\x80[\x02-\x05]|\(?c[A-Za-z_][\w.]*\r?\n[A-Za-z_][\w.]*\r?\n|\([dl]p?\d|[}\]]q\x00"
)
_ZIP: Final = b"PK\x03\x04"
_GZIP: Final = b"\x1f\x8b"
_ZLIB: Final = (b"x\x01", b"x\x5e", b"x\x9c", b"x\xda")
_SAVE: Final = (
    "Save it by booster.save_model('model.ubj') (XGBoost), booster.save_model('model.txt') "
    "(LightGBM), or convert it with skl2onnx."
)


class Format(StrEnum):
    """Forms of files that a runtime reads."""

    XGBOOST_UBJ = "XGBoost UBJ"
    XGBOOST_JSON = "XGBoost JSON"
    XGBOOST_BINARY = "XGBoost's old binary form"
    LIGHTGBM = "LightGBM text"
    ONNX = "ONNX"

    @property
    def runtime(self) -> Runtime:
        """The library that reads it."""
        if self is Format.ONNX:
            return Runtime.ONNX
        return Runtime.LIGHTGBM if self is Format.LIGHTGBM else Runtime.XGBOOST


def format_of(name: str, head: bytes) -> Format:
    """The form of a file that begins with ``head``; ``name`` is for messages only.

    A file of no known beginning is taken for XGBoost's old binary form: loading it tells.

    Raises:
        ValidationError: it is a pickle, compressed, or empty.
    """
    if not head:
        raise ValidationError(f"The model file {name[:200]!r} is empty: pack it again.")
    if head.startswith((_GZIP, *_ZLIB)):
        _refuse_pickle(name, _inflated(head))
        raise ValidationError(
            f"The model file {name[:200]!r} is compressed in itself: put it into the archive as "
            "the library saved it."
        )
    _refuse_pickle(name, head)
    if head.startswith(_ZIP):
        raise ValidationError(
            f"The model file {name[:200]!r} is a zip file, such as PyTorch saves: Larder runs "
            f"XGBoost, LightGBM and ONNX. {_SAVE}"
        )
    if re.match(rb"\{[Li#$]", head):
        return Format.XGBOOST_UBJ
    if re.match(rb'\{\s*"', head):
        return Format.XGBOOST_JSON
    if re.match(rb"tree\r?\n", head):
        return Format.LIGHTGBM
    return Format.ONNX if _is_onnx(head) else Format.XGBOOST_BINARY


def _refuse_pickle(name: str, head: bytes) -> None:
    if _PICKLE.match(head):
        raise ValidationError(
            f"The model file {name[:200]!r} is a pickle: to load one is to run its author's code, "
            f"which Larder never does. {_SAVE}"
        )


def _is_onnx(head: bytes) -> bool:
    """Whether it begins as onnx.ModelProto: ir_version, a small number, then a known field.

    Source: onnx.proto3, message ModelProto.
    """
    return len(head) > 2 and head[0] == 0x08 and 1 <= head[1] <= 0x7F and head[2] in _ONNX_FIELDS


_ONNX_FIELDS: Final = frozenset({0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72, 0xA2})
"""Tags of ModelProto's other fields: number * 8 + wire type."""


def _inflated(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=47).decompress(head, HEAD)
    except zlib.error:
        return b""
