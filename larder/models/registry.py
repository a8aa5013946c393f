"""The ports of the control plane of models: where items are kept, and who does the heavy work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from larder.models.import_request import ImportRequest
from larder.models.package_items import ModelPackage, PackageGroup
from larder.models.package_log import LogEntry, LogReader
from larder.models.registry_items import Endpoint, EndpointConfig, Item, Kind, Model
from larder.models.served import ServedEndpoint, ServedModel
from larder.telemetry.newer import Unread, warn_of

Entry = TypeVar("Entry", bound=Item)


class Items(Protocol[Entry]):
    """Items of one kind by name, whatever its case. Reads are strongly consistent.

    ``entries`` are appended to the log together with the change, or neither takes effect.

    Every method raises ``ThrottlingException`` where the store refuses for load, and
    ``ServiceUnavailable`` where it does not answer.
    """

    @property
    def kind(self) -> Kind:
        """The kind of these items."""

    def get(self, name: str) -> Entry | None:
        """The item of that name."""

    def create(self, item: Entry, entries: tuple[LogEntry, ...] = ()) -> None:
        """Store a new item.

        Raises:
            ResourceInUse: the name is taken, or the ClientToken of a package.
        """

    def replace(self, item: Entry, entries: tuple[LogEntry, ...] = ()) -> Entry:
        """Store what replaces the same item of the same revision; the item of the next one.

        Raises:
            ResourceInUse: another revision is stored, another item, or none.
        """

    def remove(self, item: Entry, entries: tuple[LogEntry, ...] = ()) -> None:
        """Remove the item, in whatever revision; nothing if it is gone."""

    def list(self, under: str = "", unread: Unread = warn_of) -> Iterator[Entry]:
        """All items, or those whose names begin with ``under``, in the order of their keys.

        ``unread`` hears of those that a newer release wrote; ``get`` raises ``NewerFormat``.
        """


class Versions(Protocol):
    """Gives versions and finds creations again. Raises as ``Items`` does."""

    def next(self, group: str) -> int:
        """A version of the group of that name, greater than all it gave: 1 at first.

        None is given twice, also when the group is deleted and made again.
        """

    def by_token(self, token: str) -> str | None:
        """The name of the package that was created with a ClientToken, while it exists."""


@dataclass(frozen=True, slots=True)
class ModelRegistry:
    """The items of all kinds."""

    models: Items[Model]
    configs: Items[EndpointConfig]
    endpoints: Items[Endpoint]
    groups: Items[PackageGroup]
    packages: Items[ModelPackage]
    versions: Versions
    log: LogReader


class Importer(Protocol):
    """Takes a model's artefact into the platform's bucket."""

    def __call__(self, request: ImportRequest) -> ServedModel:
        """The model as it will be served.

        Raises:
            ValidationError: the artefact can't be served; the message says why and the cure.
            ServiceUnavailable: the import did not end.
        """


class WarmUp(Protocol):
    """Has the function of invocations load the models of an endpoint."""

    def __call__(self, endpoint: ServedEndpoint) -> str | None:
        """Why the endpoint can't serve; ``None`` where every variant scored a row.

        Raises:
            ServiceUnavailable: the function did not answer.
        """


class Alarms(Protocol):
    """CloudWatch's alarms, of metrics and of other alarms."""

    def states(self, names: Sequence[str]) -> Mapping[str, str]:
        """The state of each alarm that exists: ``OK``, ``ALARM`` or ``INSUFFICIENT_DATA``.

        Raises:
            ServiceUnavailable, ThrottlingException, AccessForbidden: CloudWatch did not say.
        """


class DeploymentMachine(Protocol):
    """What takes the steps of an update that moves traffic."""

    def start(self, endpoint: str, uid: str) -> None:
        """Begin with the update of that uid; nothing where it has begun.

        Raises:
            ServiceUnavailable, ThrottlingException, AccessForbidden: it was not begun.
        """
