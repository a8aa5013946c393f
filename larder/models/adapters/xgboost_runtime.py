"""XGBoost models by the C library of the wheel ``xgboost-cpu``, without its Python package.

The version is that of SageMaker's newest container, 3.0.5. One thread computes: a function has one
core, and a second thread would cost more than it brings for a request's few rows.
"""

from __future__ import annotations

import ctypes
import json
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from larder.models.adapters import native_libraries
from larder.models.ensembles import combined
from larder.models.errors import ModelError
from larder.models.ports import LoadedModel, Matrix, Predictions

_Handle = ctypes.c_void_p
_CONFIG = json.dumps(
    {
        "type": 0,  # the value, after the objective's transformation
        "training": False,
        "iteration_begin": 0,
        "iteration_end": 0,  # all
        "missing": float("nan"),
        "strict_shape": True,
        "cache_id": 0,
    }
).encode()

_ARRAY = b'{"data":[%d,true],"shape":[%d,%d],"typestr":"<f4","version":3}'
"""NumPy's array interface, by which XGBoost takes a matrix where it is."""


class XgboostRuntime:
    """Loads boosters: UBJ, JSON and, by a library that still reads it, the old binary form."""

    def load(self, artefacts: Sequence[bytes]) -> LoadedModel:
        boosters = [Booster.read(each) for each in artefacts]
        if not boosters:
            raise ModelError("The model has no file.", 500)
        return boosters[0] if len(boosters) == 1 else Ensemble(boosters)


class Booster:
    """One booster. ``num_class`` is 0 where the objective has no classes."""

    texts: frozenset[int] = frozenset()

    def __init__(self, handle: _Handle) -> None:
        self._library = _library()
        self._handle = handle
        weakref.finalize(self, self._library.XGBoosterFree, handle)
        _check(self._library.XGBoosterSetParam(handle, b"nthread", b"1"))
        self.width = self._width()
        self.columns = self._columns()
        learner = self._config()["learner"]
        self.objective = str(learner["objective"]["name"])
        self.num_class = int(learner["learner_model_param"].get("num_class", "0"))

    @classmethod
    def read(cls, artefact: bytes) -> Booster:
        """The booster of a file.

        Raises:
            ModelError: XGBoost refused the file.
        """
        library = _library()
        handle = _Handle()
        _check(library.XGBoosterCreate(None, ctypes.c_uint64(0), ctypes.byref(handle)))
        length = ctypes.c_uint64(len(artefact))
        if library.XGBoosterLoadModelFromBuffer(handle, artefact, length):
            text = _last_error()
            library.XGBoosterFree(handle)
            raise ModelError(f"XGBoost refused the model file: {text}", 500)
        return cls(handle)

    def predict(self, matrix: Matrix) -> Predictions:
        address, _ = matrix.values.buffer_info()
        described = _ARRAY % (address, matrix.rows, matrix.columns)
        shape = ctypes.POINTER(ctypes.c_uint64)()
        dimensions = ctypes.c_uint64()
        result = ctypes.POINTER(ctypes.c_float)()
        refused = self._library.XGBoosterPredictFromDense(
            self._handle,
            described,
            _CONFIG,
            None,
            ctypes.byref(shape),
            ctypes.byref(dimensions),
            ctypes.byref(result),
        )
        if refused:
            raise ModelError(f"Unable to evaluate payload provided: {_last_error()}")
        outputs = 1
        for place in range(1, dimensions.value):
            outputs *= shape[place]
        return Predictions(result[: matrix.rows * outputs], matrix.rows, outputs)

    def ubj(self) -> bytes:
        """The same model in the form that every release of XGBoost from 1.6 on reads."""
        length = ctypes.c_uint64()
        data = ctypes.POINTER(ctypes.c_char)()
        _check(
            self._library.XGBoosterSaveModelToBuffer(
                self._handle, b'{"format": "ubj"}', ctypes.byref(length), ctypes.byref(data)
            )
        )
        return ctypes.string_at(data, length.value)

    def _width(self) -> int:
        width = ctypes.c_uint64()
        _check(self._library.XGBoosterGetNumFeature(self._handle, ctypes.byref(width)))
        return width.value

    def _columns(self) -> tuple[str, ...]:
        count = ctypes.c_uint64()
        names = ctypes.POINTER(ctypes.c_char_p)()
        _check(
            self._library.XGBoosterGetStrFeatureInfo(
                self._handle, b"feature_name", ctypes.byref(count), ctypes.byref(names)
            )
        )
        return tuple((names[place] or b"").decode() for place in range(count.value))

    def _config(self) -> dict[str, Any]:
        length = ctypes.c_uint64()
        text = ctypes.c_char_p()
        _check(
            self._library.XGBoosterSaveJsonConfig(
                self._handle, ctypes.byref(length), ctypes.byref(text)
            )
        )
        return json.loads(text.value or b"{}")  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Ensemble:
    """Several boosters of one archive, as SageMaker's container serves them together."""

    boosters: Sequence[Booster]

    @property
    def width(self) -> int:
        """The columns of the widest."""
        return max(each.width for each in self.boosters)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the first."""
        return self.boosters[0].columns

    @property
    def texts(self) -> frozenset[int]:
        """None."""
        return frozenset()

    @property
    def objective(self) -> str:
        """The objective of the first, which decides how the others are combined with it."""
        return self.boosters[0].objective

    def predict(self, matrix: Matrix) -> Predictions:
        parts = [each.predict(matrix) for each in self.boosters]
        return combined(parts, self.objective)


@cache
def _library() -> ctypes.CDLL:
    library = native_libraries.load("xgboost", "libxgboost.so")
    library.XGBGetLastError.restype = ctypes.c_char_p
    library.XGBoosterFree.argtypes = [_Handle]
    library.XGBSetGlobalConfig(b'{"verbosity": 0}')  # its lines are no JSON
    return library


def _check(code: int) -> None:
    if code:
        raise ModelError(f"XGBoost failed: {_last_error()}", 500)


def _last_error() -> str:
    text = (_library().XGBGetLastError() or b"").decode("utf-8", "replace")
    lines = [line for line in text.splitlines() if line and not line.startswith("Stack trace")]
    return (lines[0] if lines else "no reason was given")[:400]
