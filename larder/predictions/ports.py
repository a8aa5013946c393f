"""What a run of a prediction needs of the world."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from larder.errors import LarderError
from larder.groups.feature_group import FeatureGroup
from larder.models.package_items import ModelPackage, PackageGroup
from larder.predictions.pin import Pin


class GateClosed(LarderError):
    """Scores are not as the definition expects; nothing was published."""


class Packages(Protocol):
    """Versions of models. Methods raise as stores do."""

    def group(self, name: str) -> PackageGroup | None:
        """The model package group of that name."""

    def version(self, group: str, number: int) -> ModelPackage | None:
        """A version of it."""

    def versions(self, group: str) -> Iterator[ModelPackage]:
        """All its versions."""


class Groups(Protocol):
    """Feature groups by name. Raises as stores do."""

    def get(self, name: str) -> FeatureGroup | None:
        """The group of that name."""


class Documents(Protocol):
    """Small objects, and files below folders. Raises as stores do."""

    def read(self, address: str) -> bytes | None:
        """A document; ``None`` where it does not exist."""

    def write(self, address: str, body: bytes) -> None:
        """Keep a document, in place of the one that is there."""

    def listed(self, address: str) -> Iterator[tuple[str, int]]:
        """Address and size of each file below a folder, by name."""

    def copy(self, address: str, to: str) -> None:
        """Copy a file, in place of the one that is there."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted of a shard: ``rows`` scored, and records that were ``refused``.

    ``keys`` are the first identifiers of refused records, and ``why`` is the first one's reason.
    ``sha256`` is that of the part.
    """

    rows: int
    refused: int = 0
    keys: tuple[str, ...] = ()
    why: str = ""
    sha256: str = ""


class ShardScorer(Protocol):
    """Scores the records of one shard."""

    def score(
        self, pin: Pin, folder: str, shard: int, to: str, keep: Callable[[Counts], None]
    ) -> Counts:
        """Read a shard's records below a folder, score them, and write the part ``to``.

        ``keep`` gets the counts before the part is written: what has a part is done.

        Raises:
            ModelError: the model refused the rows as a whole.
            LarderError: a file or the model can't be read.
        """


class Drift(Protocol):
    """Distributions of scores, compared."""

    def psi(self, folder: str, earlier: Sequence[str], score: str) -> float | None:
        """The population stability index of a score against earlier parts.

        ``None`` where one side has no scores, or the earlier one not this score.
        """
