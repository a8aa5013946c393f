"""A model taken in: its artefact fetched, inspected, and copied to where endpoints read it.

The copy is named by its SHA-256 and never changes. So an endpoint serves the same numbers after
the artefact was overwritten or deleted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import orjson

from larder.access.grants import Right
from larder.access.rules import AccessRules
from larder.errors import ValidationError
from larder.models.archive import ModelFile
from larder.models.images import Image, refuse_code
from larder.models.import_request import ImportRequest, Source
from larder.models.inspect import FEATURES_FILE, Inspected
from larder.models.parity import check_nan_safe
from larder.models.resolve import GroupsByName, resolve
from larder.models.served import FeatureSpec, ModelArtefact, Runtime, ServedModel
from larder.models.specification import MAX_BYTES, parse

_VARIABLE: Final = "LARDER_FEATURES"


class ArtefactSource(Protocol):
    """Where artefacts are read that a request names."""

    def fetch(self, source: Source, folder: Path) -> Path | Sequence[ModelFile]:
        """The archive, or the files of a folder or a single one, copied into a local folder.

        Raises:
            ValidationError: the address is outside the readable buckets, nothing is there, it is
                too large, or its ETag is another one.
            ServiceUnavailable: the store did not answer.
        """

    def text(self, uri: str, most: int) -> bytes:
        """A small object of at most so many bytes; raises as ``fetch`` does."""


class Inspector(Protocol):
    """Inspects what strangers wrote, in a process of its own."""

    def __call__(
        self,
        data: Path | Sequence[ModelFile],
        image: Image,
        environment: Mapping[str, str],
        folder: Path,
    ) -> Inspected:
        """The model in an archive or in files; ``folder`` is where it may write.

        Raises:
            ValidationError: it can't be served, or the process crashed or took too long over it.
        """


class ArtefactStore(Protocol):
    """The platform's own copies."""

    def keep(self, path: Path) -> ModelArtefact:
        """Copy a file there, unless it is there already.

        Raises:
            ServiceUnavailable: the store did not answer.
        """


class Workplace(Protocol):
    """Gives empty local folders that are removed after use."""

    def __call__(self) -> AbstractContextManager[Path]:
        """A new folder."""


@dataclass(frozen=True, slots=True)
class ModelImport:
    """Implements ``larder.models.registry.Importer`` where the artefacts are."""

    source: ArtefactSource
    inspector: Inspector
    store: ArtefactStore
    groups: GroupsByName
    rules: AccessRules
    workplace: Workplace

    def __call__(self, request: ImportRequest) -> ServedModel:
        """The model as it will be served; raises as the port says."""
        refuse_code(request.environment)
        with self.workplace() as folder:
            data = self.source.fetch(request.source, folder)
            found = self.inspector(data, request.image, request.environment, folder)
            features = self._features(request, found)
            artefacts = tuple(self.store.keep(path) for path in found.files)
        return ServedModel(
            name=request.name,
            uid=request.uid,
            runtime=found.runtime,
            contract=request.image.contract,
            artefacts=artefacts,
            width=found.width,
            columns=found.columns,
            environment=dict(request.environment),
            features=features,
        )

    def _features(self, request: ImportRequest, found: Inspected) -> FeatureSpec | None:
        """The specification that came with the model, resolved with the caller's rights."""
        text = self._text(request.environment.get(_VARIABLE), found.features)
        if text is None and found.texts:
            raise ValidationError(
                f"The ONNX model takes texts in columns {sorted(found.texts)}: requests give them "
                f"by name, so add a {FEATURES_FILE} whose inputs there are of type String."
            )
        if text is None:
            return None
        access = self.rules.access_of(request.caller)
        given = parse(text)
        if given.nan_safe and found.runtime is Runtime.ONNX:
            check_nan_safe(found.parity, sorted(set(range(found.width)) - found.texts))
        return resolve(
            given,
            self.groups,
            lambda group: access.may(Right.READ, group),
            found.width,
            runtime=found.runtime,
            texts=found.texts,
        )

    def _text(self, named: str | None, packed: str | None) -> str | bytes | None:
        if not named or not named.strip():
            return packed
        own: str | bytes = named
        if named.strip().startswith("s3://"):
            own = self.source.text(named.strip(), MAX_BYTES)
        if packed is not None and not _same(own, packed):
            raise ValidationError(
                f"Environment {_VARIABLE} and {FEATURES_FILE} in the model data both give a "
                "feature specification, and they differ: keep one of them."
            )
        return own


def _same(one: str | bytes, other: str | bytes) -> bool:
    try:
        return bool(orjson.loads(one) == orjson.loads(other))
    except orjson.JSONDecodeError:
        return one == other
