"""What is asked for of model packages, apart from the words of any API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from larder.models.import_request import Source
from larder.models.package_items import Approval
from larder.models.registry_items import Sent, Tags


@dataclass(frozen=True, slots=True, kw_only=True)
class Specified:
    """A package's artefact as its InferenceSpecification gives it."""

    image: str
    source: Source
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSpec:
    """A package that is asked for: a version of ``group``, or one with a ``name`` of its own.

    ``digest`` is that of the whole request, by which a ClientToken's second one is compared.
    """

    group: str = ""
    name: str = ""
    sent: Sent = field(default_factory=dict)
    specified: Specified | None = None
    approval: Approval | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    lifecycle: Sent = field(default_factory=dict)
    tags: Tags = ()
    token: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageUpdate:
    """What to change of a package; ``None`` and empty leave it as it is."""

    approval: Approval | None = None
    reason: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    lifecycle: Sent | None = None
    sent: Sent = field(default_factory=dict)
    specified: Specified | None = None
    additional: tuple[Sent, ...] = ()
