"""ONNX models by onnxruntime, on one thread that does not spin.

The model takes one tensor of all columns, or one input for each; of numbers, or of texts. Of its
outputs the first tensor of floats is asked for: a classifier's other output is the label, and
computing it prints warnings.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from typing import Any

import numpy as np
import onnxruntime

from larder.models.errors import ModelError
from larder.models.ports import LoadedModel, Matrix, Predictions

_ERRORS_ONLY = 3
_EXTERNAL_FOLDER = "session.model_external_initializers_file_folder_path"
_EXTERNAL = "External data"
_NOWHERE = "/dev/null/models-have-one-file"
"""Where a model's further files would be looked for. By default that is the working directory."""
_TYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
}
_TEXT = "tensor(string)"
_FLOATS = ("tensor(float)", "tensor(double)")


class OnnxRuntime:
    """Loads ONNX models that lie in one file, without operators of their own."""

    def load(self, artefacts: Sequence[bytes]) -> LoadedModel:
        if len(artefacts) != 1:
            raise ModelError(f"An ONNX model has one file, not {len(artefacts)}.", 500)
        onnxruntime.set_default_logger_severity(_ERRORS_ONLY)
        try:
            with redirect_stdout(io.StringIO()):  # it prints before it tries the same again
                session = onnxruntime.InferenceSession(
                    artefacts[0], _options(), providers=["CPUExecutionProvider"]
                )
            session.disable_fallback()  # the same, of rows
            return OnnxModel(session)
        except ModelError:
            raise
        except Exception as error:  # each kind of the library's errors is a class of its own
            text, cure = _said(error), ""
            if _EXTERNAL in text:
                cure = " Save it as one file: save_as_external_data=False."
            raise ModelError(f"onnxruntime refused the model file: {text}{cure}", 500) from None


class OnnxModel:
    """One session. ``objective`` is XGBoost's word, and so is empty here."""

    objective = ""

    def __init__(self, session: Any) -> None:  # noqa: ANN401 - the library has no types
        self._session = session
        self._inputs = session.get_inputs()
        for each in self._inputs:
            if each.type not in (*_TYPES, _TEXT):
                raise ModelError(
                    f"Input {each.name} of the ONNX model is a {each.type}: served are numbers and "
                    f"texts ({', '.join((*_TYPES, _TEXT))}).",
                    500,
                )
        self._one_tensor = len(self._inputs) == 1 and len(self._inputs[0].shape) == 2
        self._one_row = any(each.shape[:1] == [1] for each in self._inputs)
        self.width = _width(self._inputs) if self._one_tensor else len(self._inputs)
        self.columns = () if self._one_tensor else tuple(each.name for each in self._inputs)
        self.texts = frozenset(
            place
            for place in range(self.width)
            if self._inputs[0 if self._one_tensor else place].type == _TEXT
        )
        self._output = _score_output(session.get_outputs())

    def predict(self, matrix: Matrix) -> Predictions:
        rows = np.frombuffer(matrix.values, dtype=np.float32).reshape(matrix.rows, -1)
        if self._one_row and matrix.rows > 1:
            values = np.concatenate([self._scores(*each) for each in _single(rows, matrix.texts)])
        else:
            values = self._scores(rows, matrix.texts)
        return Predictions(values.ravel().tolist(), matrix.rows, values.shape[1])

    def _scores(self, rows: Any, texts: Mapping[int, Sequence[str]]) -> Any:  # noqa: ANN401
        try:
            [scores] = self._session.run([self._output], self._given(rows, texts))
        except Exception as error:  # as above
            raise ModelError(f"Unable to evaluate payload provided: {_said(error)}") from None
        return _dense(scores).reshape(len(rows), -1)

    def _given(self, rows: Any, texts: Mapping[int, Sequence[str]]) -> dict[str, Any]:  # noqa: ANN401
        if texts.keys() != self.texts:
            raise ModelError(
                f"The ONNX model takes texts in columns {sorted(self.texts)}, and texts came in "
                f"{sorted(texts)}: create the model with a feature specification.",
                500,
            )
        if self._one_tensor:
            [one] = self._inputs
            if texts:
                columns = [texts[place] for place in range(self.width)]
                return {one.name: np.array(columns, dtype=object).T}
            return {one.name: rows.astype(_TYPES[one.type], copy=False)}
        return {
            each.name: self._column(rows, texts, place) for place, each in enumerate(self._inputs)
        }

    def _column(self, rows: Any, texts: Mapping[int, Sequence[str]], place: int) -> Any:  # noqa: ANN401
        given = self._inputs[place]
        if place in texts:
            column = np.array(texts[place], dtype=object)
            return column.reshape(-1, 1) if len(given.shape) == 2 else column
        return rows[:, [place] if len(given.shape) == 2 else place].astype(_TYPES[given.type])


def _single(rows: Any, texts: Mapping[int, Sequence[str]]) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401
    """Row by row: many exporters fix the first dimension to 1 by default."""
    for place in range(len(rows)):
        yield rows[place : place + 1], {column: [of[place]] for column, of in texts.items()}


def _options() -> Any:  # noqa: ANN401
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry(_EXTERNAL_FOLDER, _NOWHERE)
    return options


def _width(inputs: Sequence[Any]) -> int:
    width = inputs[0].shape[1]
    if not isinstance(width, int) or width < 1:
        raise ModelError(
            f"Input {inputs[0].name} of the ONNX model does not state how many columns it has: "
            f"export it with a fixed second dimension.",
            500,
        )
    return width


def _score_output(outputs: Sequence[Any]) -> str:
    floats = [each for each in outputs if each.type in _FLOATS]
    maps = [each for each in outputs if "map" in each.type]
    numbers = [each for each in outputs if each.type in _TYPES]
    for each in (*floats, *maps, *numbers):
        return str(each.name)
    kinds = ", ".join(each.type for each in outputs)
    raise ModelError(f"The ONNX model has no output of numbers, but {kinds}.", 500)


def _dense(scores: Any) -> Any:  # noqa: ANN401
    """An array; a list of maps (ZipMap) has the classes' values in the order of their keys."""
    if isinstance(scores, list):
        return np.array([[each[key] for key in sorted(each)] for each in scores], dtype=np.float64)
    return np.asarray(scores, dtype=np.float64)


def _said(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:400]
