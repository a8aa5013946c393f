"""A candidate and the champion, both scored on the rows that no training has seen.

Each row is filled as an instance of InvokeEndpoint that brings all its inputs itself. So missing
values, categories and vectors count as they do where the model serves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Final, Protocol

import orjson

from larder.errors import ResourceNotFound, ValidationError
from larder.models.errors import ModelError
from larder.models.instances import Instance
from larder.models.lookup import Features, Wanted
from larder.models.plan import plan_of
from larder.models.ports import Matrix
from larder.models.refusals import Refused
from larder.models.residence import Residence
from larder.models.served import Cell, ModelInput, ServedModel, SourceKind
from larder.models.vectors import Filler, planned
from larder.trainings.definition import Metric
from larder.trainings.measure import measured

Row = Mapping[str, object]
_BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class SetColumn:
    """A column of the rows. ``group``, ``feature`` and ``key`` are empty of a label's own."""

    name: str
    group: str = ""
    feature: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareTask:
    """What to compare: versions by their names, ``champion`` empty where there is no champion.

    ``rows`` is the address of the rows that were held out, ``report`` where the numbers go.
    ``features`` are the columns that the training was given, in order.
    """

    candidate: str
    champion: str
    rows: str
    report: str
    target: str
    metric: Metric
    margin: float
    columns: tuple[SetColumn, ...]
    features: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The task as an event has it."""
        return asdict(self)

    @classmethod
    def from_json(cls, members: Mapping[str, Any]) -> CompareTask:
        """The task that ``to_json`` wrote."""
        known = {
            "metric": Metric(members["metric"]),
            "columns": tuple(SetColumn(**each) for each in members["columns"]),
            "features": tuple(members["features"]),
        }
        return cls(**{**members, **known})


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a comparison found; a number is ``None`` where the model could not be measured.

    ``problem`` says why. ``better`` is whether the candidate is, or has no champion to beat.
    """

    candidate: str
    champion: str
    metric: Metric
    margin: float
    rows: int
    candidate_value: float | None = None
    champion_value: float | None = None
    better: bool = False
    problem: str = ""

    @property
    def told(self) -> str:
        """The comparison as a sentence."""
        ours = _told(self.metric, self.candidate, self.candidate_value)
        if self.problem:
            return f"{ours}; not compared: {self.problem}"
        if not self.champion:
            return f"{ours} on {self.rows} held-out rows; there is no champion"
        theirs = _told(self.metric, self.champion, self.champion_value)
        word = "better" if self.better else "not better"
        return f"{ours}, {theirs} on {self.rows} held-out rows: {word} by more than {self.margin:g}"

    def to_json(self) -> bytes:
        """The report as it lies on S3."""
        return orjson.dumps({**asdict(self), "told": self.told}, option=orjson.OPT_INDENT_2)


class HeldOut(Protocol):
    """Rows that were held out."""

    def read(self, address: str, size: int) -> Iterator[list[dict[str, object]]]:
        """The rows of a Parquet file, ``size`` at a time."""


class Served(Protocol):
    """Models of versions."""

    def served(self, package: str) -> ServedModel | None:
        """The model of a version; ``None`` where it was not taken in, or is gone."""


class Documents(Protocol):
    """Small objects."""

    def write(self, address: str, body: bytes) -> None:
        """Write an object, over what was there."""


@dataclass(frozen=True, slots=True)
class Comparing:
    """Compares by the libraries of this process; a repeated call writes the same report."""

    rows: HeldOut
    packages: Served
    models: Residence
    documents: Documents

    def compare(self, task: CompareTask) -> Report:
        """Score both on the rows, and write the report.

        A champion that can't be scored is a problem of the report, and no error.

        Raises:
            LarderError: the candidate can't be scored or measured, and why.
        """
        rows, ours = self._measured(task, task.candidate)
        theirs, problem = None, ""
        if task.champion:
            try:
                _, theirs = self._measured(task, task.champion)
            except (ValidationError, ResourceNotFound, ModelError) as error:
                problem = f"the champion {task.champion} can't be scored on this set: {error}"
        report = Report(
            candidate=task.candidate,
            champion=task.champion,
            metric=task.metric,
            margin=task.margin,
            rows=rows,
            candidate_value=ours,
            champion_value=theirs,
            better=not problem and _is_better(task, ours, theirs),
            problem=problem,
        )
        self.documents.write(task.report, report.to_json())
        return report

    def _measured(self, task: CompareTask, package: str) -> tuple[int, float]:
        """How many rows there are, and the metric of a version's scores."""
        served = self.packages.served(package)
        if served is None:
            raise ResourceNotFound(f"version {package} has no model that can score")
        vectors = vectors_of(served, task)
        loaded = self.models.model(served)
        scores: list[Sequence[float]] = []
        truths: list[float] = []
        for rows in self.rows.read(task.rows, _BATCH):
            matrix = Matrix.of_rows([vectors.of(row) for row in rows], served.width)
            found = loaded.predict(matrix)
            scores += [found.of_row(place) for place in range(len(rows))]
            truths += [_truth(task.target, row[task.target]) for row in rows]
        return len(truths), measured(task.metric, scores, truths)


def _is_better(task: CompareTask, ours: float, theirs: float | None) -> bool:
    if theirs is None:
        return True
    gain = ours - theirs if task.metric.grows else theirs - ours
    return gain > task.margin


def _told(metric: Metric, name: str, value: float | None) -> str:
    return f"{name} has {metric} {'unknown' if value is None else f'{value:.6g}'}"


def _truth(target: str, value: object) -> float:
    if isinstance(value, bool | int | float | Decimal):
        return float(value)
    raise ValidationError(
        f"target: column {target!r} of the labels has {str(value)[:40]!r}, which is no number: "
        "give numbers, and classes by their numbers"
    )


class Vectors(Protocol):
    """Gives the rows of a set the columns of one model."""

    def of(self, row: Row) -> list[Cell]:
        """The model's columns.

        Raises:
            ValidationError: an input has no value and its policy is to fail.
        """


def vectors_of(served: ServedModel, task: CompareTask) -> Vectors:
    """What fills the columns of a model.

    Raises:
        ValidationError: the set lacks what the model takes.
    """
    if served.features is None:
        return _whole_vectors(served, task)
    places, lacking = {}, []
    for each in served.features.inputs:
        column = _column(each, task.columns)
        if column is None:
            lacking.append(_named(each))
        else:
            places[each.name] = column
    if lacking:
        raise ValidationError(
            f"model {served.name} takes {', '.join(lacking[:10])}, which the training set lacks"
        )
    return _ByInput(served, places)


@dataclass(frozen=True, slots=True)
class _ByInput:
    """Fills by a specification; ``places`` has the column of each input."""

    served: ServedModel
    places: Mapping[str, str]

    def of(self, row: Row) -> list[Cell]:
        spec = self.served.features
        assert spec is not None  # noqa: S101 - vectors_of has seen to it
        fields = {name: _plain(row[column]) for name, column in self.places.items()}
        try:
            asked = planned(self.served, Instance(fields=fields), plan_of(spec).fields, Wanted())
            return Filler(Features({}, groups={}), now_nanos=0).filled(asked).vector
        except Refused as refusal:
            raise ValidationError(f"model {self.served.name}: {refusal}") from refusal


@dataclass(frozen=True, slots=True)
class _WholeVectors:
    """Fills columns in order."""

    served: ServedModel
    columns: tuple[str, ...]

    def of(self, row: Row) -> list[Cell]:
        values = [_plain(row[each]) for each in self.columns]
        asked = planned(self.served, Instance(vector=values), frozenset(), Wanted())
        try:
            return Filler(Features({}, groups={}), now_nanos=0).filled(asked).vector
        except Refused as refusal:
            raise ValidationError(f"model {self.served.name}: {refusal}") from refusal


def _whole_vectors(served: ServedModel, task: CompareTask) -> Vectors:
    """By the names in the model's file, or else by the order in which the training got them."""
    names = {each.name for each in task.columns}
    if served.columns and set(served.columns) <= names:
        return _WholeVectors(served, served.columns)
    if served.columns or served.width != len(task.features):
        told = f"columns {', '.join(served.columns[:10])}" if served.columns else "columns"
        raise ValidationError(
            f"model {served.name} takes {served.width} {told}, and the training set has "
            f"{len(task.features)} features: put a larder/features.json into its archive"
        )
    return _WholeVectors(served, task.features)


def _column(given: ModelInput, columns: Sequence[SetColumn]) -> str | None:
    """The column that holds an input's values."""
    if given.source is SourceKind.FEATURE_GROUP:
        feature = given.feature or given.name
        found = [each for each in columns if (each.group, each.feature) == (given.group, feature)]
        exact = [each for each in found if each.key == given.key]
        return (exact or found)[0].name if found else None
    return next((each.name for each in columns if each.name == given.name), None)


def _named(given: ModelInput) -> str:
    if given.source is SourceKind.FEATURE_GROUP:
        return f"{given.feature or given.name} of feature group {given.group}"
    return f"the label column {given.name}"


def _plain(value: object) -> object:
    """A value as a request has it."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bool):
        return int(value)
    return value if value is None or isinstance(value, int | float | str | list) else str(value)
