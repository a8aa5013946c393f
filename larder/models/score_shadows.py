"""Scoring shadows from their exposures: after the answer, and apart from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from larder.errors import LarderError, ServiceUnavailable
from larder.models.exposed import OK, ExposedInstance, Exposure
from larder.models.served import ServedModel
from larder.models.served_json import model_to_json
from larder.offline.ports import Remaining

FAILED = "ShadowFailed"
CUT = "InputsCut"
_MOST_VALUES = 100_000
"""Values in one request: below Lambda's 6 MB, however long their texts."""
_LONGEST_REASON = 500
_LEAST_SECONDS = 70.0
"""What one request may take, with its second try."""
Waiting = tuple[Exposure, ExposedInstance]


class ShadowScorer(Protocol):
    """Computes models apart from requests."""

    def score(
        self, model: ServedModel, vectors: Sequence[Sequence[float]]
    ) -> Sequence[Sequence[float]]:
        """The scores of each vector; raises ``LarderError`` without them."""


@dataclass(frozen=True, slots=True)
class ShadowScores:
    """Instances of shadows with their scores, or with a status that says they have none.

    ``failed`` counts them by the error, which quotes no value.
    """

    scored: Sequence[Waiting]
    failed: Mapping[str, int]


def score_shadows(
    exposures: Sequence[Exposure], scorer: ShadowScorer, remaining: Remaining
) -> ShadowScores:
    """Score what waits for it. A shadow that fails has its status in its row, and costs no other.

    Raises:
        ServiceUnavailable: the time is too short; what was not scored comes again.
    """
    done: list[Waiting] = []
    failed: Counter[str] = Counter()
    for model, waiting in _requests(exposures, done):
        if remaining() < _LEAST_SECONDS:
            raise ServiceUnavailable("no time is left to score shadows; the batch comes again")
        vectors = [instance.inputs or () for _, instance in waiting]
        try:
            scores = scorer.score(model, vectors)
        except Exception as error:  # a shadow may fail in any way: its row and the log say so
            failed[_told(model, error)] += len(waiting)
            done.extend((each, replace(instance, status=FAILED)) for each, instance in waiting)
            continue
        done.extend(
            (each, replace(instance, scores=found))
            for (each, instance), found in zip(waiting, scores, strict=True)
        )
    return ShadowScores(done, failed)


def _told(model: ServedModel, error: Exception) -> str:
    text = str(error) if isinstance(error, LarderError) else "no error of Larder's"
    return f"model {model.name}: {type(error).__name__}: {text}"[:_LONGEST_REASON]


def _requests(
    exposures: Sequence[Exposure], done: list[Waiting]
) -> Iterator[tuple[ServedModel, list[Waiting]]]:
    """Instances by model, as many as fit into one request; those without a vector are done."""
    by_model: dict[str, tuple[ServedModel, list[Waiting]]] = {}
    for exposure in exposures:
        for instance in exposure.instances:
            model = exposure.variants[instance.variant].model
            if model is None:
                continue
            if instance.status != OK:
                done.append((exposure, instance))
            elif instance.inputs is None:
                done.append((exposure, replace(instance, status=CUT)))
            else:
                found = by_model.setdefault(model_to_json(model), (model, []))
                found[1].append((exposure, instance))
    for model, waiting in by_model.values():
        most = max(1, _MOST_VALUES // max(1, model.width))
        for start in range(0, len(waiting), most):
            yield model, waiting[start : start + most]
