"""The deployed stacks, as CloudFormation in the emulator knows them."""

from collections.abc import Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError

from local.clients import client
from local.errors import LocalPlatformError
from local.layout import Platform
from local.waiting import Stalled, wait

STAGE = "dev"
PREFIX = f"larder-{STAGE}-"
BOOTSTRAP = "CDKToolkit"
_DONE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}
_EMPTY = {
    "REVIEW_IN_PROGRESS",
    "CREATE_IN_PROGRESS",
    "CREATE_FAILED",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "DELETE_IN_PROGRESS",
    "DELETE_FAILED",
}


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack: its name and CloudFormation's status of it."""

    name: str
    status: str

    @property
    def is_done(self) -> bool:
        """Whether the stack is as its last deployment wanted it, or as before that."""
        return self.status in _DONE


def deployed(platform: Platform) -> list[Stack]:
    """Our stacks and the CDK's own, oldest first."""
    described = client(platform, "cloudformation").describe_stacks()["Stacks"]
    ours = [s for s in described if s["StackName"].startswith((PREFIX, BOOTSTRAP))]
    ours.sort(key=lambda stack: stack["CreationTime"])
    return [Stack(stack["StackName"], stack["StackStatus"]) for stack in ours]


def outputs(platform: Platform) -> dict[str, str]:
    """Outputs of our stacks by name; those that only pass values between stacks are left out."""
    described = client(platform, "cloudformation").describe_stacks()["Stacks"]
    return {
        output["OutputKey"]: output["OutputValue"]
        for stack in described
        if stack["StackName"].startswith(PREFIX)
        for output in stack.get("Outputs", [])
        if not output["OutputKey"].startswith(("PublishOutput", "ExportsOutput"))
    }


def remove_unfinished(platform: Platform) -> Iterator[Stack]:
    """Delete the stacks that an earlier deployment left without content; yields each one deleted.

    Raises:
        LocalPlatformError: a stack with content is stuck in an update.
    """
    cloudformation = client(platform, "cloudformation")
    for stack in reversed(deployed(platform)):
        if stack.is_done:
            continue
        if stack.status not in _EMPTY:
            raise LocalPlatformError(
                f"stack {stack.name} is stuck in {stack.status}: `make clean` forgets the "
                "platform's data and lets `make up` start afresh"
            )
        cloudformation.delete_stack(StackName=stack.name)
        _wait_until_gone(platform, stack.name)
        yield stack


def _wait_until_gone(platform: Platform, name: str) -> None:
    """Wait for a deletion for as long as the stack has new events."""
    cloudformation = client(platform, "cloudformation")

    def events() -> list[tuple[str, str, str]]:
        try:
            found = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":  # a stack that is gone
                raise
            return []
        keys = ("LogicalResourceId", "ResourceStatus", "ResourceStatusReason")
        return [(each[keys[0]], each[keys[1]], each.get(keys[2], "")) for each in found]

    try:
        wait(lambda: all(stack.name != name for stack in deployed(platform)), events)
    except Stalled as stalled:
        last = next(iter(events()), None)
        told = f"its last event is {' '.join(last).strip()}" if last else "it has no events"
        raise LocalPlatformError(
            f"the deletion of stack {name} does not end: {stalled}, and {told}; `make clean` "
            "forgets the platform's data and lets `make up` start afresh"
        ) from None
