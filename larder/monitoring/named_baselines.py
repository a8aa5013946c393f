"""The baseline of a model package, of what the package names: documents in S3, a training set."""

from __future__ import annotations

from typing import Final

from larder.errors import LarderError, ValidationError
from larder.models.package_items import ModelPackage
from larder.models.served import ServedModel
from larder.monitoring.baselines import Baseline, Baselines
from larder.monitoring.constraints import Constraints
from larder.monitoring.given import DRIFT_CHECK, METRICS, Given, given_by
from larder.monitoring.statistics import Statistics

TRAINING_SET: Final = "larder:training-set"
"""The customer metadata of a model package that names its training set."""


class Unused(ValidationError):
    """A package's documents in S3 are no baseline; the message says why, and the cure."""


def named_baseline(
    baselines: Baselines, package: ModelPackage, subject: str, model: ServedModel
) -> Baseline | None:
    """Make the baseline of what a package names; ``None`` where it names nothing.

    Its ``DriftCheckBaselines`` come first, then its training set, then its ``ModelMetrics``.
    Constraints that it names without statistics go with its training set.

    Raises:
        Unused: the documents can't be used.
        LarderError: the training set can't be used.
    """
    training_set = package.metadata.get(TRAINING_SET)
    drift, metrics = (given_by(package, each) for each in (DRIFT_CHECK, METRICS))
    given = drift if training_set is not None else drift or metrics
    statistics, constraints = _read(baselines, given) if given else (None, None)
    if given and statistics:
        try:
            return baselines.adopt(subject, model, (statistics, constraints), given.statistics)
        except ValidationError as error:
            raise Unused(f"{given.member}: {error}") from error
    if training_set is not None:
        return baselines.make(subject, model, training_set, constraints)
    if given:
        raise Unused(
            f"{given.member} names Constraints and no Statistics: name both, or the training set "
            f"in the package's customer metadata {TRAINING_SET}."
        )
    return None


def _read(baselines: Baselines, given: Given) -> tuple[Statistics | None, Constraints | None]:
    try:
        return given.read(baselines.documents)
    except LarderError as error:
        raise Unused(f"{given.member}: {error}") from error
