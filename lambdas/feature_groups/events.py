"""CloudFormation's custom-resource events to definitions applied, and the answer to each.

CloudFormation waits for an answer at a presigned address, an hour where none comes. So whatever
goes wrong is answered as ``FAILED`` with the reason: this is the one place where any exception is
caught.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from larder.declared.apply import DeclaredGroups, Definition
from larder.declared.documents import to_definition
from larder.errors import LarderError, ServiceUnavailable
from larder.groups.metadata import FeatureCatalog
from larder.offline.ports import Remaining
from larder.telemetry.log import Log, trace_of

Event = Mapping[str, Any]
_POLL_SECONDS = 1.0
_LOG = Log({"Function": "feature_groups"})


@dataclass(frozen=True, slots=True)
class Applier:
    """Does what an event asks; ``read`` gives an object of S3 by bucket and key."""

    catalog: FeatureCatalog
    read: Callable[[str, str], bytes]
    sleep: Callable[[float], None]

    def apply(self, event: Event, remaining: Remaining) -> int:
        """Bring the definitions about and wait until every group is settled; how many there are.

        A Delete does nothing: groups and data outlive the stack that defined them.

        Raises:
            LarderError: the definitions can't be applied, a group failed, or time ran out.
        """
        if event["RequestType"] == "Delete":
            return 0
        definitions = self._definitions(event["ResourceProperties"])
        groups = DeclaredGroups(self.catalog.groups, self.catalog)
        self._settle(groups, definitions, remaining)
        groups.apply(definitions)
        self._settle(groups, definitions, remaining)
        failures = groups.failures(definitions)
        if failures:
            raise ServiceUnavailable(" ".join(failures))
        return len(definitions)

    def _definitions(self, properties: Mapping[str, str]) -> list[Definition]:
        body = self.read(properties["DefinitionsBucket"], properties["DefinitionsKey"])
        platform = self.catalog.groups.platform
        return [to_definition(document, platform) for document in orjson.loads(body)]

    def _settle(
        self, groups: DeclaredGroups, definitions: list[Definition], remaining: Remaining
    ) -> None:
        """Wait until no defined group is being created or updated."""
        while unsettled := groups.unsettled(definitions):
            if remaining() < 0:
                raise ServiceUnavailable(
                    f"Feature groups {', '.join(unsettled)} are still being created or updated: "
                    "the lifecycle function's log says why. Deploy again to go on waiting."
                )
            self.sleep(_POLL_SECONDS)


class Answers(Protocol):
    """Where an event is answered."""

    def send(self, event: Event, status: str, reason: str, groups: int) -> None:
        """Answer; raises ``OSError`` or ``HTTPException`` where no try was taken."""


def create_handler(
    applier: Applier, answers: Answers, log: Log = _LOG
) -> Callable[[dict[str, Any], Remaining], None]:
    """The function of one event of the custom resource."""

    def handle(event: dict[str, Any], remaining: Remaining) -> None:
        status, groups, trace = "SUCCESS", 0, None
        try:
            groups = applier.apply(event, remaining)
            reason = f"{groups} feature groups are as defined."
        except LarderError as error:
            status, reason = "FAILED", str(error)
        except Exception as error:  # see the module's docstring
            status, reason = "FAILED", f"{type(error).__name__}: {error}"
            trace = trace_of(error)
        log.line(
            "INFO" if status == "SUCCESS" else "ERROR",
            operation=event.get("RequestType"),
            status=status,
            reason=reason,
            groups=groups,
            trace=trace,
        )
        answers.send(event, status, reason, groups)

    return handle
