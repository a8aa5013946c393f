"""Logs of the services, and of the functions as CloudWatch Logs has them."""

from collections.abc import Iterator

from local import processes, services, stacks
from local.clients import client
from local.errors import LocalPlatformError
from local.layout import Platform

_JOB = "glue-"


def read(platform: Platform, name: str | None, lines: int) -> Iterator[str]:
    """The last lines of one log; of every service's where no name is given.

    ``name`` is a service, or a part of a function's name (its output ``…FunctionName``).
    ``glue-<id>`` is that run of a Glue job.
    """
    if name is not None and name.startswith(_JOB) and platform.log(name).exists():
        yield processes.tail(platform.log(name), lines)
        return
    for service in services.NAMES:
        if name in (None, service):
            yield f"==> {platform.log(service)} <=="
            yield processes.tail(platform.log(service), lines)
    if name is not None and name not in services.NAMES:
        yield from _function(platform, name, lines)


def _function(platform: Platform, name: str, lines: int) -> Iterator[str]:
    if processes.running_pid(platform, "emulator") is None:
        raise LocalPlatformError("the platform does not run: `make up` starts it")
    functions = {
        key.removesuffix("FunctionName"): value
        for key, value in stacks.outputs(platform).items()
        if key.endswith("FunctionName")
    }
    matching = [key for key in functions if name.replace("_", "").lower() in key.lower()]
    if len(matching) != 1:
        known = ", ".join([*services.NAMES, *functions])
        raise LocalPlatformError(f"{name!r} names no log; known are {known}")
    group = _log_group(platform, functions[matching[0]])
    events = client(platform, "logs").filter_log_events(logGroupName=group)["events"]
    yield from (event["message"].rstrip() for event in events[-lines:])


def _log_group(platform: Platform, function: str) -> str:
    configuration = client(platform, "lambda").get_function_configuration(FunctionName=function)
    default = f"/aws/lambda/{function}"
    return str(configuration.get("LoggingConfig", {}).get("LogGroup", default))
