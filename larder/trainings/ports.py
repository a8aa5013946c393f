"""What runs of trainings need of the world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from larder.models.package_items import ModelPackage, PackageGroup
from larder.training_sets.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Parts:
    """A set's rows in two files: what the training sees, and what is held out of the latest.

    ``cut`` is the first instant that is held out, in ISO-8601.
    """

    trained: int
    held_out: int
    cut: str


class SetParts(Protocol):
    """Splits the rows of sets."""

    def split(self, manifest: Manifest, share: float, training: str, held_out: str) -> Parts:
        """Write the rows before an instant to one address, and the others to another one.

        The instant is that of the row from which on ``share`` percent of the rows are left.

        Raises:
            ValidationError: one of the parts would be empty.
        """


class Bucket(Protocol):
    """Objects by their addresses."""

    def read(self, address: str) -> bytes | None:
        """An object's bytes; ``None`` if there is no such object."""

    def digest(self, address: str) -> str | None:
        """Its SHA-256; ``None`` if there is no such object."""

    def write(self, address: str, body: bytes) -> None:
        """Write an object, over what was there."""


class Registry(Protocol):
    """Model packages, created and changed as the API does it, in its words."""

    def group(self, name: str) -> PackageGroup | None:
        """A group of packages; ``None`` where there is no such group."""

    def version(self, name: str) -> ModelPackage | None:
        """A version by its name, such as ``fraud/7``."""

    def newest_approved(self, group: str) -> str:
        """The name of the newest approved version; empty where none is."""

    def create(self, request: Mapping[str, Any]) -> str:
        """CreateModelPackage; the version's name. Raises what the API answers."""

    def update(self, name: str, request: Mapping[str, Any]) -> None:
        """UpdateModelPackage, of the version of that name. Raises what the API answers."""


class Published(Protocol):
    """How far pipelines are."""

    def until(self, pipeline: str) -> int:
        """Until when (microseconds) a pipeline has published; 0 before its first time."""
