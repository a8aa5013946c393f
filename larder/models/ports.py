"""What serving a model needs from outside: artefacts, the libraries that compute, and endpoints."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import nan
from typing import Protocol

from larder.models.served import Cell, Runtime, ServedEndpoint


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of float32 values, row after row: ``values`` has ``rows * columns`` of them.

    A value that is missing is NaN. ``texts`` has the columns of texts, a text for each row; there
    ``values`` is NaN.
    """

    values: array[float]
    rows: int
    columns: int
    texts: Mapping[int, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of_rows(cls, rows: Sequence[Sequence[Cell]], columns: int) -> Matrix:
        """The matrix of rows of which none is longer than ``columns``; the rest is missing.

        A column that has texts has one in every row.
        """
        places = [at for at, cell in enumerate(rows[0]) if isinstance(cell, str)] if rows else []
        if places:
            texts = {at: [str(row[at]) for row in rows] for at in places}
            numbers = [[nan if at in texts else cell for at, cell in enumerate(r)] for r in rows]
            return replace(cls.of_rows(numbers, columns), texts=texts)
        values = array("f")
        for row in rows:
            values.extend(row)  # type: ignore[arg-type]  # no texts: see above
            if len(row) < columns:
                values.extend([nan] * (columns - len(row)))
        return cls(values, len(rows), columns)


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model says of each row: ``outputs`` values a row, row after row.

    Values are the library's own, float32 widened to double where it computes those.
    """

    values: Sequence[float]
    rows: int
    outputs: int

    def of_row(self, row: int) -> Sequence[float]:
        """The values of one row."""
        return self.values[row * self.outputs : (row + 1) * self.outputs]


class LoadedModel(Protocol):
    """A model in this process's memory, freed with the last reference to it.

    ``predict`` may be called by several threads.
    """

    @property
    def width(self) -> int:
        """The number of columns that it takes."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Their names where the artefact has them, else empty."""

    @property
    def texts(self) -> frozenset[int]:
        """The columns that take texts; all others take numbers."""

    @property
    def objective(self) -> str:
        """What it was trained for in XGBoost's words, such as ``binary:logistic``, or empty."""

    def predict(self, matrix: Matrix) -> Predictions:
        """Scores of the rows, which have ``width`` columns.

        Raises:
            ModelError: the library refused the rows.
        """


class ModelRuntime(Protocol):
    """A library that computes models of one format."""

    def load(self, artefacts: Sequence[bytes]) -> LoadedModel:
        """The model of these files; several are an ensemble, where the runtime has such.

        Raises:
            ModelError: a file is not of this runtime's format, or the library refused it.
        """


class ModelRuntimes(Protocol):
    """The runtimes that this function has."""

    def __getitem__(self, runtime: Runtime, /) -> ModelRuntime:
        """The runtime of that name."""


class ArtefactReader(Protocol):
    """The platform's copies of models' files."""

    def read(self, sha256: str) -> bytes:
        """The bytes whose SHA-256 that is.

        Raises:
            ServiceUnavailable: the store did not answer.
            ModelError: there is no such object, or its bytes have another SHA-256.
        """


class Endpoints(Protocol):
    """Endpoints by name. Reads are strongly consistent."""

    def get(self, name: str) -> ServedEndpoint | None:
        """What the endpoint serves now, ``None`` where there is no such endpoint."""
