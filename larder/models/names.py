"""ARNs of models, endpoint configurations and endpoints; names in them are in lower case."""

from __future__ import annotations

import re

from larder.errors import ValidationError
from larder.groups.names import Home
from larder.models.registry_items import Kind

_KINDS = "|".join(Kind)
_ARN = re.compile(
    rf"arn:(aws[a-z\-]*):sagemaker:([a-z0-9\-]*):([0-9]{{12}}):({_KINDS})/([a-zA-Z0-9\-]{{1,63}})",
    re.ASCII,
)


def arn_of(home: Home, kind: Kind, name: str) -> str:
    """The ARN of an item of ours."""
    place = f"{home.partition}:sagemaker:{home.region}:{home.account_id}"
    return f"arn:{place}:{kind}/{name.lower()}"


def kind_of_arn(arn: str) -> Kind | None:
    """The kind of the item that an ARN is of; ``None`` if it is of something else."""
    match = _ARN.fullmatch(arn)
    return Kind(match[4]) if match else None


def name_of_arn(home: Home, arn: str) -> str:
    """The name in an ARN of ours, in the ARN's case.

    Raises:
        ValidationError: it is of another form, account or region.
    """
    match = _ARN.fullmatch(arn)
    if match is None or arn_of(home, Kind(match[4]), match[5]) != arn.lower():
        raise ValidationError(
            f"Value {arn[:160]!r} at 'resourceArn' is not the ARN of a model, an endpoint "
            f"configuration or an endpoint of account {home.account_id} in {home.region}."
        )
    return match[5]
