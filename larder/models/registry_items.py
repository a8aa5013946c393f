"""What the registry holds of models: models, endpoint configurations and endpoints.

Model packages and their groups are in ``larder.models.package_items``, transform jobs in
``larder.transforms.job``, schedules of monitoring in ``larder.monitoring.schedule``. A name is
unique whatever its case, for an ARN has it in lower case: an endpoint ``Demo`` has the ARN
``…:endpoint/demo``.
Times are microseconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Self

from larder.access.grants import Grants, Principals, Right
from larder.groups.reserved_tags import granted_by
from larder.models.deployment import Deployment
from larder.models.served import EndpointStatus, ServedEndpoint, ServedModel

Tags = tuple[tuple[str, str], ...]
SALT: Final = "larder:salt"
"""The tag with the salt of an endpoint's experiment, which is its name otherwise."""
Sent = Mapping[str, object]
"""Members of a request as they were sent, which a description shows again."""


class Kind(StrEnum):
    """Kinds of items, by their name in ARNs."""

    MODEL = "model"
    ENDPOINT_CONFIG = "endpoint-config"
    ENDPOINT = "endpoint"
    PACKAGE_GROUP = "model-package-group"
    PACKAGE = "model-package"
    TRANSFORM_JOB = "transform-job"
    QUALITY_DEFINITION = "data-quality-job-definition"
    MONITORING_SCHEDULE = "monitoring-schedule"

    @property
    def words(self) -> str:
        """What SageMaker's messages call it."""
        plain = self.value.replace("-", " ")
        return "endpoint configuration" if self is Kind.ENDPOINT_CONFIG else plain

    def absent(self, arn: str) -> str:
        """What SageMaker says where nothing has that ARN."""
        if self in _SPELT:
            return f"{_SPELT[self].replace(' ', '')} {arn} does not exist."
        quote = "'" if self is Kind.TRANSFORM_JOB else '"'
        return f"Could not find {self.words} {quote}{arn}{quote}."

    def taken(self, arn: str) -> str:
        """What SageMaker says where there is one already."""
        if self in _SPELT:
            return f"{_SPELT[self]} already exists: {arn}"
        if self is Kind.TRANSFORM_JOB:
            return (
                "Job name must be unique within an AWS account and region, and a job with this "
                f"name already exists ({arn})"
            )
        return f'Cannot create already existing {self.words} "{arn}".'


_SPELT: Final = {Kind.PACKAGE_GROUP: "Model Package Group", Kind.PACKAGE: "ModelPackage"}
_DIGITS: Final = 9


def key_of(name: str) -> str:
    """What a name is stored and sorted by: in lower case, so that version 9 comes before 10."""
    base, slash, version = name.lower().partition("/")
    return f"{base}{slash}{version.zfill(_DIGITS)}" if slash else base


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What all kinds have. ``uid`` is never given twice; ``revision`` counts changes from 1."""

    name: str
    uid: str
    created: int
    tags: Tags = ()
    revision: int = 1

    @property
    def grants(self) -> Grants:
        """What the tags grant."""
        return granted_by(self.tags)

    @property
    def principals(self) -> dict[Right, Principals] | None:
        """Who has each right; ``None`` where nothing is granted."""
        grants = self.grants
        return {right: Principals(grants.patterns(right)) for right in Right} if grants else None

    def with_tags(self, tags: Tags) -> Self:
        """The same with other tags."""
        return replace(self, tags=tags)

    @property
    def modified(self) -> int:
        """When it was last changed: but for an endpoint, when it was made."""
        return self.created

    @property
    def status(self) -> str:
        """Its status; empty where its kind has none."""
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model(Item):
    """A model: what was sent, and what was made of it; ``image`` is its container's."""

    sent: Sent
    served: ServedModel
    image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantSpec:
    """A variant of an endpoint configuration; ``count`` and ``serverless`` are only shown."""

    name: str
    model: str
    weight: float
    count: int | None = None
    serverless: Sent = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointConfig(Item):
    """An endpoint configuration: it never changes, but for its tags."""

    sent: Sent
    variants: tuple[VariantSpec, ...]
    shadows: tuple[VariantSpec, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantDetail:
    """What a description of an endpoint shows of a variant, beside its name and its weight.

    ``resolved`` is when its model was taken in.
    """

    name: str
    image: str
    resolved: int
    count: int | None = None
    serverless: Sent = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An update that moves traffic by steps, and what the endpoint has when it is done.

    ``details`` and ``capture`` are green's. ``sent`` is the update's DeploymentConfig.
    """

    deployment: Deployment
    details: tuple[VariantDetail, ...]
    capture: Sent = field(default_factory=dict)
    sent: Sent = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(Item):
    """An endpoint. ``served`` is what invocations see of it.

    ``failure`` says why the last change failed. ``deployment`` is the last DeploymentConfig.
    ``pending`` is the update that moves traffic now.
    """

    served: ServedEndpoint
    changed: int
    details: tuple[VariantDetail, ...] = ()
    failure: str | None = None
    deployment: Sent = field(default_factory=dict)
    pending: Pending | None = None

    @property
    def modified(self) -> int:
        """When it was last changed."""
        return self.changed

    @property
    def status(self) -> EndpointStatus:
        """Where it is in its life."""
        return self.served.status

    def in_status(self, status: EndpointStatus, now: int) -> Endpoint:
        """The next generation of it, in that status since ``now``."""
        served = replace(self.served, status=status, generation=self.served.generation + 1)
        return replace(self, served=served, changed=now)

    def with_tags(self, tags: Tags) -> Self:
        """The same with other tags, which say who may invoke it and how units are assigned."""
        served = replace(
            self.served,
            grants=granted_by(tags),
            salt=salt_of(self.name, tags),
            generation=self.served.generation + 1,
        )
        return replace(self, tags=tags, served=served)


def salt_of(name: str, tags: Tags) -> str:
    """The salt of the experiment of an endpoint with that name and those tags."""
    return dict(tags).get(SALT) or name
