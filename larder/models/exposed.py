"""A request's exposure as it is read back from its line, for the table of exposures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from larder.models.capture import Captured
from larder.models.served import ServedModel

OK = "OK"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposedVariant:
    """A variant as a request met it.

    ``weights`` are those of all variants of its configuration then, by name. Only a shadow has its
    ``model``: it is still to be scored.
    """

    name: str
    config: str
    weights: Mapping[str, float]
    model_name: str
    package_arn: str
    artefacts: tuple[str, ...]
    spec_sha256: str
    model: ServedModel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposedInstance:
    """One instance with one variant.

    ``place`` is the instance's among those of its request. ``variant`` is that of the variant in
    the exposure. ``inputs`` is ``None`` where there was no vector, it was cut, or it has texts.
    ``status`` is ``OK`` or the code of an error. ``statuses`` has the inputs that were not OK.
    ``event_times`` are of the records that were read, by group and key field.
    """

    place: int
    variant: int
    unit: str | None = None
    inputs: Sequence[float] | None = None
    vector_sha256: str = ""
    scores: Sequence[float] | None = None
    status: str = OK
    statuses: Mapping[str, str] = field(default_factory=dict)
    event_times: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """One answered request.

    ``answered_at`` is in microseconds since the epoch. ``generation`` is the endpoint's. ``cut``
    names what the line had no room for: ``capture``, ``inputs``, ``instances``.
    """

    inference_id: str
    endpoint: str
    generation: int
    unit_source: str
    attributes: str
    answered_at: int
    variants: tuple[ExposedVariant, ...]
    instances: tuple[ExposedInstance, ...]
    capture: Captured | None = None
    cut: tuple[str, ...] = ()

    def is_shadow(self, instance: ExposedInstance) -> bool:
        """Whether an instance is a shadow's, whose score is still to be computed."""
        return self.variants[instance.variant].model is not None
