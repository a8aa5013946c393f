"""Larder: a feature platform that speaks Amazon SageMaker Feature Store's own API.

    import larder

    with larder.connect("dev") as platform:
        platform.records.put("customers", {"id": "ada", "at": datetime.now(UTC), "clicks": 3})

The names below are the public ones. Each is imported when it is first used. So importing ``larder``
costs nothing, and needs no package but those of the parts in use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from larder import aio, errors
    from larder.aws.client_signing import sign_for_execute_api, sign_for_function_url
    from larder.aws.dynamodb.wire.client import DynamoRefused
    from larder.client.platform import Platform
    from larder.client.record import Record, UnreadRecords
    from larder.client.training_sets import TrainingSet
    from larder.progress import Progress
    from larder.records.read import GetRecords
    from larder.records.write import WriteOutcome
    from larder.training_sets.ports import SqlLabels
    from larder.training_sets.spec import GroupFeatures

__version__ = "0.1.0"
__all__ = [
    "DynamoRefused",
    "GetRecords",
    "GroupFeatures",
    "Platform",
    "Progress",
    "Record",
    "SqlLabels",
    "TrainingSet",
    "UnreadRecords",
    "WriteOutcome",
    "__version__",
    "aio",
    "connect",
    "errors",
    "sign_for_execute_api",
    "sign_for_function_url",
]
_MODULES = frozenset({"aio", "errors"})
_HOMES = {
    "DynamoRefused": "larder.aws.dynamodb.wire.client",
    "GetRecords": "larder.records.read",
    "GroupFeatures": "larder.training_sets.spec",
    "Platform": "larder.client.platform",
    "Progress": "larder.progress",
    "Record": "larder.client.record",
    "SqlLabels": "larder.training_sets.ports",
    "TrainingSet": "larder.client.training_sets",
    "UnreadRecords": "larder.client.record",
    "WriteOutcome": "larder.records.write",
    "sign_for_execute_api": "larder.aws.client_signing",
    "sign_for_function_url": "larder.aws.client_signing",
}


def connect(stage: str | None = None, *, caller: str | None = None) -> Platform:
    """The platform of a stage, as ``"dev"``, by the SSM parameter that its stacks publish.

    Without a stage, the environment names the platform: ``LARDER_REGISTRY_TABLE`` and so on, as
    ``make env`` prints them. Credentials are those of the AWS SDK's chain.

    ``caller`` is the ARN of a principal on whose behalf all is done: the groups' grants are asked
    for it, as the API asks them. Without one no grants are asked of records, and IAM's rights on
    the tables are the only fence (``docs/access.md``).

    Raises:
        ConfigurationError: the parameter can't be read, or no variable names a platform.
    """
    from larder.client.platform import Platform  # noqa: PLC0415 - see above
    from larder.wiring.location import find_platform  # noqa: PLC0415

    return Platform(find_platform(stage), caller=caller)


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever is public
    if name in _MODULES:
        return import_module(f"larder.{name}")
    if name in _HOMES:
        found = getattr(import_module(_HOMES[name]), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module 'larder' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
