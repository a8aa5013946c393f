"""Baselines: what a model's training set was like, kept in versions that never change.

A version is named by what it follows from: the rows of the training set and the model. So the same
set gives the same version again. A small document says which version counts. A run reads it once,
and goes on with that one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import orjson

from larder.bucket_folders import MONITORING
from larder.errors import ResourceNotFound, ValidationError
from larder.formats import MEMBER, Format, known_members
from larder.models.served import ServedModel
from larder.monitoring.columns import Column, watched_columns
from larder.monitoring.constraints import Constraints, suggested
from larder.monitoring.documents import (
    CONSTRAINTS,
    STATISTICS,
    constraints_from,
    constraints_json,
    statistics_from,
    statistics_json,
)
from larder.monitoring.measure import measured
from larder.monitoring.ports import Documents, TrainingRows, TrainingSets
from larder.monitoring.statistics import ColumnStatistics, Statistics

if TYPE_CHECKING:  # the control plane's function carries this module, and no offline store
    from larder.models.score_shadows import ShadowScorer

FORMAT: Final = Format("monitoring-baseline")
SCORED_ROWS: Final = 5_000
"""Rows of a training set that the model scores, for the baseline of its predictions."""
_SCORED_VALUES: Final = 100_000
_DIGITS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A version of a model's baseline.

    ``artefacts`` are the SHA-256 of the model's files: another model of the same name has others.
    ``training_set`` names its rows: a training set, or the address of the statistics given.
    ``made_at`` is in microseconds since the epoch.
    """

    subject: str
    version: str
    training_set: str
    rows: int
    made_at: int
    artefacts: tuple[str, ...]

    def folder(self) -> str:
        """Where its documents lie."""
        return f"{_folder(self.subject)}{self.version}/"

    def fits(self, model: ServedModel) -> bool:
        """Whether it is of this very model."""
        return self.artefacts == tuple(each.sha256 for each in model.artefacts)


@dataclass(frozen=True, slots=True)
class Pinned:
    """A baseline with its documents, as a run keeps them to its end."""

    baseline: Baseline
    statistics: Statistics
    constraints: Constraints


def subject_of(model: ServedModel) -> str:
    """Whose baseline it is: the model package that the model was made of, or the model."""
    _, found, package = model.package_arn.partition(":model-package/")
    return package_subject(package) if found else f"model/{model.name}"


def package_subject(name: str) -> str:
    """The subject of a model package; its ARN has the name in lower case."""
    return f"package/{name.lower()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Baselines:
    """The baselines of a platform.

    Without a ``scorer`` they lack the predictions. ``clock`` gives microseconds since the epoch.
    """

    documents: Documents
    sets: TrainingSets
    clock: Callable[[], int]
    scorer: ShadowScorer | None = None

    def current(self, subject: str) -> Baseline | None:
        """Which version counts now; ``None`` before the first.

        Raises:
            NewerFormat: a newer release wrote it.
        """
        return current_baseline(self.documents, subject)

    def pinned(self, subject: str) -> Pinned | None:
        """The version that counts now, with its documents; ``None`` before the first.

        Raises:
            ResourceNotFound: somebody removed its documents.
        """
        found = self.current(subject)
        if found is None:
            return None
        statistics, constraints = (
            self.documents.read(f"{found.folder()}{name}") for name in (STATISTICS, CONSTRAINTS)
        )
        if statistics is None or constraints is None:
            raise ResourceNotFound(
                f"The documents of baseline {found.version} of {subject} are gone: make it again "
                "by larder monitor baseline."
            )
        return Pinned(found, statistics_from(statistics), constraints_from(constraints))

    def statistics(self, subject: str, version: str) -> Statistics | None:
        """The statistics of any version, while they are kept."""
        body = self.documents.read(f"{_folder(subject)}{version}/{STATISTICS}")
        return None if body is None else statistics_from(body)

    def make(
        self,
        subject: str,
        model: ServedModel,
        training_set: str,
        constraints: Constraints | None = None,
    ) -> Baseline:
        """The baseline of a training set, which counts from now on for a subject.

        Constraints that are given replace those that the set suggests.

        Raises:
            ResourceNotFound: there is no such set.
            ValidationError: the set has not what the model takes.
        """
        version = self._version(model, training_set, constraints)
        before = self.current(subject)
        if before is not None and before.version == version and before.fits(model):
            return before
        statistics = self._statistics(model, training_set)
        baseline = Baseline(
            subject=subject,
            version=version,
            training_set=training_set,
            rows=statistics.rows,
            made_at=self.clock(),
            artefacts=tuple(each.sha256 for each in model.artefacts),
        )
        self._keep(baseline, statistics, constraints or suggested(statistics))
        return baseline

    def adopt(
        self,
        subject: str,
        model: ServedModel,
        given: tuple[Statistics, Constraints | None],
        source: str,
    ) -> Baseline:
        """A baseline of documents that somebody made, which counts from now on for a subject.

        ``source`` says where they came from. Without constraints the statistics suggest them.

        Raises:
            ValidationError: the statistics name no column of the model.
        """
        statistics, constraints = given[0], given[1] or suggested(given[0])
        _check_columns(statistics, model, source)
        bodies = statistics_json(statistics), constraints_json(constraints)
        artefacts = tuple(each.sha256 for each in model.artefacts)
        baseline = Baseline(
            subject=subject,
            version=_named([str(FORMAT.newest), *(each.decode() for each in bodies), *artefacts]),
            training_set=source,
            rows=statistics.rows,
            made_at=self.clock(),
            artefacts=artefacts,
        )
        before = self.current(subject)
        if before is None or before.version != baseline.version:
            self._keep(baseline, statistics, constraints)
        return baseline

    def _statistics(self, model: ServedModel, training_set: str) -> Statistics:
        columns = watched_columns(model)
        inputs = [each for each in columns if each.place]
        rows = self.sets.rows(training_set, inputs)
        found = measured(rows.queries, rows.relation, inputs) if inputs else Statistics(0, ())
        scored = self._scored(model, rows, [each for each in columns if not each.place])
        return Statistics(found.rows, (*found.columns, *scored))

    def _version(
        self, model: ServedModel, training_set: str, constraints: Constraints | None
    ) -> str:
        """A name of all that the documents follow from."""
        parts = [
            str(FORMAT.newest),
            self.sets.identity(training_set),
            repr(watched_columns(model)),
            *(each.sha256 for each in model.artefacts),
            "" if constraints is None else constraints_json(constraints).decode(),
            "" if self.scorer is None else str(SCORED_ROWS),
        ]
        return _named(parts)

    def _scored(
        self, model: ServedModel, rows: TrainingRows, columns: Sequence[Column]
    ) -> Sequence[ColumnStatistics]:
        """What the model says of a sample of its own training rows."""
        if self.scorer is None:
            return ()
        vectors = rows.sample(SCORED_ROWS)
        most = max(1, _SCORED_VALUES // max(1, model.width))
        scores: list[Sequence[float]] = []
        for start in range(0, len(vectors), most):
            scores.extend(self.scorer.score(model, vectors[start : start + most]))
        return measured(rows.of_scores(scores), rows.relation, columns).columns

    def _keep(self, baseline: Baseline, found: Statistics, constraints: Constraints) -> None:
        """Documents first, then what says that they count."""
        bodies = {STATISTICS: statistics_json(found), CONSTRAINTS: constraints_json(constraints)}
        for name, body in bodies.items():
            self.documents.write(f"{baseline.folder()}{name}", body)
        self.documents.write(f"{_folder(baseline.subject)}current.json", baseline_json(baseline))


def baseline_json(baseline: Baseline) -> bytes:
    """The document that says which version counts."""
    return orjson.dumps({MEMBER: FORMAT.newest, **asdict(baseline)})


def baseline_from(body: bytes) -> Baseline:
    """The baseline of that document.

    Raises:
        NewerFormat: a newer release wrote it.
    """
    document = orjson.loads(body)
    FORMAT.check(f"the baseline of {document.get('subject')}", document.get(MEMBER))
    known = known_members(Baseline, document)
    return Baseline(**{**known, "artefacts": tuple(known["artefacts"])})


def current_baseline(documents: Documents, subject: str) -> Baseline | None:
    """Which version counts now for a subject; ``None`` before the first.

    Raises:
        NewerFormat: a newer release wrote it.
    """
    body = documents.read(f"{_folder(subject)}current.json")
    return None if body is None else baseline_from(body)


def _check_columns(statistics: Statistics, model: ServedModel, source: str) -> None:
    names = [each.name for each in watched_columns(model)]
    if not any(statistics.column(each) for each in names):
        raise ValidationError(
            f"{source} has none of the columns {', '.join(names)[:400]}, which are watched of the "
            f"model {model.name}: give statistics of columns with these names."
        )


def _named(parts: Sequence[str]) -> str:
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def _folder(subject: str) -> str:
    return f"{MONITORING}baselines/{subject}/"
