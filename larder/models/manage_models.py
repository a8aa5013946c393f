"""What can be done with models: create, by taking in the artefact; describe, list, delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from larder.errors import ValidationError
from larder.models.images import image_of, refuse_code
from larder.models.import_request import ImportRequest, Source
from larder.models.manage_items import ManagedItems
from larder.models.manage_packages import Packages
from larder.models.names import name_or_arn
from larder.models.registry import Importer
from larder.models.registry_items import Kind, Model, Sent, Tags
from larder.models.served import ServedModel

_FROZEN: Final = ("LARDER_FEATURES", "SAGEMAKER_INFERENCE_ENSEMBLE")
"""Variables that the import reads: they belong to a package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A model that is asked for: of an image and a source, or of a ``package`` by its name.

    ``sent`` are the members that a description shows again.
    """

    name: str
    sent: Sent
    image: str = ""
    source: Source | None = None
    package: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    tags: Tags = ()


@dataclass(frozen=True, slots=True)
class Models:
    """The models of a platform, for a caller.

    ``clock`` gives microseconds since the epoch; ``new_uid`` a text that was never given before.
    """

    items: ManagedItems[Model]
    packages: Packages
    importer: Importer
    clock: Callable[[], int]
    new_uid: Callable[[], str]

    def create(self, spec: ModelSpec) -> Model:
        """Take in an artefact and register the model; a package's has been taken in before.

        Raises:
            ValidationError: the name is taken, the artefact can't be served, or the package is not
                approved.
            AccessForbidden: the caller may not create models, not read a feature group, or not
                deploy the package.
            ServiceUnavailable: the import did not end.
        """
        self.items.check_new(spec.name, spec.tags)
        refuse_code(spec.environment)
        uid = self.new_uid()
        served, image = self._imported(spec, uid) if spec.source else self._packaged(spec, uid)
        return self.items.create(
            Model(
                name=spec.name,
                uid=uid,
                created=self.clock(),
                tags=spec.tags,
                sent=spec.sent,
                served=served,
                image=image,
            )
        )

    def _imported(self, spec: ModelSpec, uid: str) -> tuple[ServedModel, str]:
        if spec.source is None:
            raise ValueError(f"model {spec.name} has no source")
        request = ImportRequest(
            name=spec.name,
            uid=uid,
            image=image_of(spec.image),
            source=spec.source,
            caller=self.items.access.caller,
            environment=spec.environment,
        )
        return self.importer(request), spec.image

    def _packaged(self, spec: ModelSpec, uid: str) -> tuple[ServedModel, str]:
        """A package's model, with the container's variables over its own."""
        for name in _FROZEN:
            if name in spec.environment:
                raise ValidationError(
                    f"Environment {name}: it was frozen with the model package; leave it out, or "
                    "register a package with it."
                )
        name = name_or_arn(self.items.home, Kind.PACKAGE, spec.package)
        package = self.packages.deployable(name)
        if package.served is None:
            raise ValueError(f"{package.name} is not deployable")
        served = replace(
            package.served,
            name=spec.name,
            uid=uid,
            environment={**package.served.environment, **spec.environment},
            package_arn=self.packages.items.arn(package.name),
        )
        return served, package.image
