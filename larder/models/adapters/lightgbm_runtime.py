"""LightGBM models in its text form, by the C library of its wheel without the Python package."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Sequence
from functools import cache

from larder.models.adapters import native_libraries
from larder.models.errors import ModelError
from larder.models.ports import LoadedModel, Matrix, Predictions

_FLOAT32 = 0
_NORMAL = 0
"""The value, after the objective's transformation."""
_ALL = -1
_PARAMETERS = b"num_threads=1 verbosity=-1"
_LONGEST_NAME = 1024
_BEGIN, _END = b"tree", b"end of trees"
_LogCallback = ctypes.CFUNCTYPE(None, ctypes.c_char_p)


class LightgbmRuntime:
    """Loads models that begin with ``tree``."""

    def load(self, artefacts: Sequence[bytes]) -> LoadedModel:
        if len(artefacts) != 1:
            raise ModelError(f"A LightGBM model has one file, not {len(artefacts)}.", 500)
        # the library ends the process where a file is cut off inside a tree
        if not artefacts[0].startswith(_BEGIN) or _END not in artefacts[0]:
            raise ModelError(
                "LightGBM refused the model file: it is no text from tree to end of trees.", 500
            )
        return Booster(artefacts[0])


class Booster:
    """One model. ``objective`` is XGBoost's word, and so is empty here."""

    objective = ""
    texts: frozenset[int] = frozenset()

    def __init__(self, artefact: bytes) -> None:
        self._library = _library()
        self._handle = ctypes.c_void_p()
        iterations = ctypes.c_int()
        loaded = self._library.LGBM_BoosterLoadModelFromString(
            artefact, ctypes.byref(iterations), ctypes.byref(self._handle)
        )
        if loaded:
            raise ModelError(f"LightGBM refused the model file: {_last_error()}", 500)
        weakref.finalize(self, self._library.LGBM_BoosterFree, self._handle)
        self.width = self._number("LGBM_BoosterGetNumFeature")
        self._outputs = self._number("LGBM_BoosterGetNumClasses")
        self.columns = self._names()

    def predict(self, matrix: Matrix) -> Predictions:
        address, _ = matrix.values.buffer_info()
        result = (ctypes.c_double * (matrix.rows * self._outputs))()
        length = ctypes.c_int64()
        refused = self._library.LGBM_BoosterPredictForMat(
            self._handle,
            ctypes.c_void_p(address),
            _FLOAT32,
            ctypes.c_int32(matrix.rows),
            ctypes.c_int32(matrix.columns),
            1,  # row after row
            _NORMAL,
            0,
            _ALL,
            _PARAMETERS,
            ctypes.byref(length),
            result,
        )
        if refused:
            raise ModelError(f"Unable to evaluate payload provided: {_last_error()}")
        return Predictions(result[:], matrix.rows, self._outputs)

    def text(self) -> str:
        """The model as LightGBM writes it; raises ``ModelError``."""
        length = ctypes.c_int64()
        size = 1 << 20
        while True:
            buffer = ctypes.create_string_buffer(size)
            given = (0, _ALL, 0, ctypes.c_int64(size), ctypes.byref(length), buffer)
            if self._library.LGBM_BoosterSaveModelToString(self._handle, *given):
                raise ModelError(f"LightGBM failed: {_last_error()}", 500)
            if length.value <= size:
                return buffer.value.decode("utf-8", "replace")
            size = length.value

    def _number(self, function: str) -> int:
        number = ctypes.c_int()
        if getattr(self._library, function)(self._handle, ctypes.byref(number)):
            raise ModelError(f"LightGBM failed: {_last_error()}", 500)
        return number.value

    def _names(self) -> tuple[str, ...]:
        buffers = [ctypes.create_string_buffer(_LONGEST_NAME) for _ in range(self.width)]
        names = (ctypes.c_void_p * self.width)(*map(ctypes.addressof, buffers))
        count, longest = ctypes.c_int(), ctypes.c_size_t()
        refused = self._library.LGBM_BoosterGetFeatureNames(
            self._handle,
            self.width,
            ctypes.byref(count),
            ctypes.c_size_t(_LONGEST_NAME),
            ctypes.byref(longest),
            names,
        )
        if refused or longest.value > _LONGEST_NAME:
            raise ModelError("LightGBM failed to name the model's columns.", 500)
        return tuple(buffer.value.decode("utf-8", "replace") for buffer in buffers)


@cache
def _library() -> ctypes.CDLL:
    library = native_libraries.load("lightgbm", "lib_lightgbm.so")
    library.LGBM_GetLastError.restype = ctypes.c_char_p
    library.LGBM_BoosterFree.argtypes = [ctypes.c_void_p]
    library.LGBM_RegisterLogCallback(_SILENT)
    return library


def _ignored(_line: bytes) -> None:
    """LightGBM's own lines are not JSON, and each costs money in the function's log."""


_SILENT = _LogCallback(_ignored)


def _last_error() -> str:
    return (_library().LGBM_GetLastError() or b"").decode("utf-8", "replace")[:400]
