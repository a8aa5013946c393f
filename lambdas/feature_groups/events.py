"""The custom resource's part of the CDK's provider framework: definitions applied, step by step.

The framework calls the function once when CloudFormation wants something. It then calls again,
every few seconds, with the first reply added to the event. It ends when a reply says that all is
done or the function raises. No call waits: what takes time is seen at the next one. The framework
answers CloudFormation (AWS CDK, "custom_resources.Provider").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from larder.declared.apply import DeclaredGroups, Definition
from larder.declared.documents import to_definition
from larder.errors import LarderError, ResourceInUse, ServiceUnavailable, ThrottlingException
from larder.groups.metadata import FeatureCatalog
from larder.telemetry.log import Log, trace_of

Event = Mapping[str, Any]
_PHYSICAL_ID = "larder-feature-groups"
_BEGAN = "Began"
_LONGEST_REASON = 2000  # of 4,096 bytes of response; a character takes up to six of them in JSON
_LOG = Log({"Function": "feature_groups"})
_BRIEF = (ResourceInUse, ServiceUnavailable, ThrottlingException)


class NotApplied(Exception):
    """The deployment fails; the text is the resource's reason in CloudFormation."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason[:_LONGEST_REASON].encode("ascii", "replace").decode())


@dataclass(frozen=True, slots=True)
class Applier:
    """Does what an event asks.

    ``read`` gives an object of S3 by bucket and key, ``clock`` microseconds since the epoch.
    ``patience_seconds`` is how long groups may take; it is less than the framework's own, whose
    message would name none of them. ``log`` takes a line on rights that no file gives.
    """

    catalog: FeatureCatalog
    read: Callable[[str, str], bytes]
    clock: Callable[[], int]
    patience_seconds: int
    log: Log = _LOG

    def reply(self, event: Event) -> dict[str, Any]:
        """The reply to one call of the framework.

        A Delete does nothing: groups and data outlive the stack that defined them.

        Raises:
            LarderError: the definitions can't be applied.
            NotApplied: a group failed, or took too long.
        """
        if _BEGAN not in event:
            physical_id = event.get("PhysicalResourceId", _PHYSICAL_ID)
            return {"PhysicalResourceId": physical_id, _BEGAN: self.clock()}
        if event["RequestType"] == "Delete":
            return {"IsComplete": True}
        definitions = self._definitions(event["ResourceProperties"])
        if waits_for := self._advance(definitions, event[_BEGAN]):
            self._check_patience(waits_for, event[_BEGAN])
            return {"IsComplete": False}
        return {"IsComplete": True, "Data": {"Groups": len(definitions)}}

    def _advance(self, definitions: list[Definition], began: int) -> str | None:
        """Do what can be done now; what there is to wait for, if anything.

        Applying twice is the same as once, so that no note is kept of what has been done.
        """
        groups = DeclaredGroups(self.catalog.groups, self.catalog, began)
        try:
            _refuse(groups.not_created(definitions))
            if not groups.unsettled(definitions):
                for text in groups.apply(definitions):
                    self.log.line("WARNING", rights=text)
            if moving := groups.unsettled(definitions):
                return _still(moving)
            _refuse(groups.failures(definitions))
        except _BRIEF as error:
            return str(error)
        return None

    def _check_patience(self, waits_for: str, began: int) -> None:
        if self.clock() - began > self.patience_seconds * 1_000_000:
            raise NotApplied(f"{waits_for} Deploy again to go on waiting.")

    def _definitions(self, properties: Mapping[str, str]) -> list[Definition]:
        body = self.read(properties["DefinitionsBucket"], properties["DefinitionsKey"])
        platform = self.catalog.groups.platform
        return [to_definition(document, platform) for document in orjson.loads(body)]


def create_handler(
    applier: Applier, log: Log
) -> Callable[[dict[str, Any], object], dict[str, Any]]:
    """The Lambda handler of the custom resource; it logs one line a call."""

    def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
        operation = event.get("RequestType")
        try:
            reply = applier.reply(event)
        except (LarderError, NotApplied) as error:
            log.line("ERROR", operation=operation, reason=str(error))
            raise NotApplied(str(error)) from error
        except Exception as error:  # the edge: an error's class says more than its text alone
            reason = f"{type(error).__name__}: {error}"
            log.line("ERROR", operation=operation, reason=reason, trace=trace_of(error))
            raise NotApplied(reason) from error
        log.line("INFO", operation=operation, **reply)
        return reply

    return handle


def _refuse(failures: list[str]) -> None:
    if failures:
        raise NotApplied(" ".join(failures))


def _still(names: list[str]) -> str:
    return (
        f"Feature groups {', '.join(names)} are still being created or updated: "
        "the lifecycle function's log says why."
    )
