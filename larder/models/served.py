"""What an endpoint serves: the document that CreateEndpoint writes and every invocation reads.

It is whole: an invocation needs no other item of the registry. So a model or an endpoint
configuration may be deleted while its endpoint serves, as SageMaker's clients do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from larder.access.grants import Grants

Cell = float | str
"""A value of one column of a model: a number, or a text where the model takes texts."""


class Runtime(StrEnum):
    """The library that computes a model."""

    XGBOOST = "xgboost"
    ONNX = "onnx"
    LIGHTGBM = "lightgbm"


class Contract(StrEnum):
    """Whose request and response forms a model speaks, by the repository of its image."""

    SAGEMAKER_XGBOOST = "sagemaker-xgboost"
    LARDER = "larder"
    MLFLOW = "mlflow-pyfunc"


class EndpointStatus(StrEnum):
    """Where an endpoint is in its life: SageMaker's names."""

    CREATING = "Creating"
    UPDATING = "Updating"
    ROLLING_BACK = "RollingBack"
    IN_SERVICE = "InService"
    DELETING = "Deleting"
    FAILED = "Failed"

    @property
    def answers(self) -> bool:
        """Whether an endpoint in this status answers invocations."""
        return self in _ANSWERING


_ANSWERING = frozenset(
    {EndpointStatus.IN_SERVICE, EndpointStatus.UPDATING, EndpointStatus.ROLLING_BACK}
)


class SourceKind(StrEnum):
    """Where an input's value comes from."""

    REQUEST = "request"
    FEATURE_GROUP = "feature_group"


class Missing(StrEnum):
    """What an input without a value does: refuse the instance, or count as NaN or a default."""

    FAIL = "fail"
    NAN = "nan"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInput:
    """One input of a model, in the order of its columns.

    ``type`` is a feature's type (String, Integral, Fractional). ``size`` is how many columns a
    Vector spreads over, else 1. ``key`` is the request's field with the record identifier.
    ``group_uid`` fences the group: another group of the same name is not read.
    """

    name: str
    source: SourceKind
    type: str
    group: str = ""
    group_uid: str = ""
    feature: str = ""
    key: str = ""
    size: int = 1
    missing: Missing = Missing.FAIL
    default: float | str | None = None
    max_age_seconds: int | None = None
    categories: tuple[str, ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether the model takes the text itself, and not a category's number."""
        return self.type == "String" and not self.categories


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSpec:
    """Which inputs a model takes, resolved against the groups at CreateModel.

    ``sha256`` is of the canonical JSON of the resolved specification. ``output`` names the score.
    """

    inputs: tuple[ModelInput, ...]
    unit: str = ""
    output: str = "score"
    nan_safe: bool = False
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelArtefact:
    """One file of a model in the platform's bucket, at ``models/<sha256>``; ``size`` in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """A model as imported: several artefacts are an ensemble of XGBoost boosters.

    ``width`` is the number of columns. ``columns`` names them where the artefact does.
    ``environment`` is the container's, as CreateModel had it.
    """

    name: str
    uid: str
    runtime: Runtime
    contract: Contract
    artefacts: tuple[ModelArtefact, ...]
    width: int
    columns: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    features: FeatureSpec | None = None
    package_arn: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A share of an endpoint's units, served by one model. ``weight`` is relative, from 0."""

    name: str
    weight: float
    model: ServedModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The variants of one endpoint configuration."""

    config: str
    variants: tuple[Variant, ...]
    shadows: tuple[Variant, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedEndpoint:
    """An endpoint, as an invocation sees it.

    ``blue`` serves. While an update moves traffic, ``green`` takes ``green_share`` (0 to 1) of the
    units. ``generation`` grows with every change, so that an older document never wins.
    ``capture`` is SageMaker's DataCaptureConfig, or empty.
    """

    name: str
    uid: str
    status: EndpointStatus
    generation: int
    salt: str
    blue: Fleet
    green: Fleet | None = None
    green_share: float = 0.0
    grants: Grants = field(default_factory=Grants)
    capture: Mapping[str, object] = field(default_factory=dict)
