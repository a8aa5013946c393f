"""What monitoring needs of the world beside queries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from larder.monitoring.columns import Column

if TYPE_CHECKING:  # the control plane carries this module, and no offline store
    from larder.models.report_experiment import QueryRows


class Documents(Protocol):
    """Small objects by key, in the platform's bucket. Raises ``LarderError`` where S3 refuses."""

    def read(self, key: str) -> bytes | None:
        """The bytes of an object; ``None`` where it does not exist."""

    def write(self, key: str, body: bytes) -> None:
        """Write an object, over what was there."""

    def remove(self, key: str) -> None:
        """Remove an object; nothing where it does not exist."""

    def keys(self, folder: str) -> Iterator[str]:
        """Keys of the objects below a folder, in their order."""

    def address(self, key: str) -> str:
        """Where an object is, for people."""

    def given(self, address: str) -> bytes | None:
        """The bytes of an object by its ``s3://`` address; ``None`` where it does not exist.

        Raises:
            ValidationError: it is outside the places where monitoring may read.
        """

    def put(self, address: str, body: bytes) -> None:
        """Write an object by its ``s3://`` address; raises as ``given``."""


class TrainingRows(Protocol):
    """Rows of a training set as a model's vectors."""

    @property
    def relation(self) -> str:
        """The query of columns ``inputs`` and ``scores`` that ``queries`` knows."""

    @property
    def queries(self) -> QueryRows:
        """What asks for the rows."""

    def sample(self, count: int) -> Sequence[Sequence[float]]:
        """At most so many of the vectors, spread over all."""

    def of_scores(self, scores: Sequence[Sequence[float]]) -> QueryRows:
        """What asks for these scores, as rows of the same relation."""


class TrainingSets(Protocol):
    """The training sets of a platform."""

    def identity(self, name: str) -> str:
        """What differs where the rows differ.

        Raises:
            ResourceNotFound: there is no such set.
        """

    def rows(self, name: str, columns: Sequence[Column]) -> TrainingRows:
        """The rows of a training set.

        Raises:
            ResourceNotFound: there is no such set.
            ValidationError: it lacks a column, or one has values that the model can't be given.
        """


class Alerts(Protocol):
    """Whom alerts go to."""

    def send(self, subject: str, message: str) -> None:
        """Send a message; raises ``LarderError`` where it was not taken."""
