"""What can be done with models: create, by taking in the artefact; describe, list, delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from larder.models.images import image_of, refuse_code
from larder.models.import_request import ImportRequest, Source
from larder.models.manage_items import ManagedItems
from larder.models.registry import Importer
from larder.models.registry_items import Model, Sent, Tags


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A model that is asked for; ``sent`` are the members that a description shows again."""

    name: str
    image: str
    source: Source
    sent: Sent
    environment: Mapping[str, str] = field(default_factory=dict)
    tags: Tags = ()


@dataclass(frozen=True, slots=True)
class Models:
    """The models of a platform, for a caller.

    ``clock`` gives microseconds since the epoch; ``new_uid`` a text that was never given before.
    """

    items: ManagedItems[Model]
    importer: Importer
    clock: Callable[[], int]
    new_uid: Callable[[], str]

    def create(self, spec: ModelSpec) -> Model:
        """Take in an artefact and register the model.

        Raises:
            ValidationError: the name is taken, or the artefact can't be served.
            AccessForbidden: the caller may not create models, or not read a feature group.
            ServiceUnavailable: the import did not end.
        """
        self.items.check_new(spec.name, spec.tags)
        refuse_code(spec.environment)
        request = ImportRequest(
            name=spec.name,
            uid=self.new_uid(),
            image=image_of(spec.image),
            source=spec.source,
            caller=self.items.access.caller,
            environment=spec.environment,
        )
        served = self.importer(request)
        return self.items.create(
            Model(
                name=spec.name,
                uid=request.uid,
                created=self.clock(),
                tags=spec.tags,
                sent=spec.sent,
                served=served,
                image=spec.image,
            )
        )
