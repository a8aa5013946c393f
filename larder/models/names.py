"""ARNs of models, endpoints and the like.

Names in them are in lower case, but for those of model packages and their groups.
"""

from __future__ import annotations

import re

from larder.errors import ValidationError
from larder.groups.names import Home
from larder.models.registry_items import Kind

_KINDS = "|".join(Kind)
_ARN = re.compile(
    rf"arn:(aws[a-z\-]*):sagemaker:([a-z0-9\-]*):([0-9]{{12}}):({_KINDS})/([a-zA-Z0-9\-]{{1,63}}(?:/[0-9]{{1,9}})?)",
    re.ASCII,
)


def arn_of(home: Home, kind: Kind, name: str) -> str:
    """The ARN of an item of ours."""
    place = f"{home.partition}:sagemaker:{home.region}:{home.account_id}"
    cased = kind in (Kind.PACKAGE, Kind.PACKAGE_GROUP)
    return f"arn:{place}:{kind}/{name if cased else name.lower()}"


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
    if match is None or arn_of(home, Kind(match[4]), match[5]).lower() != arn.lower():
        raise ValidationError(
            f"Value {arn[:160]!r} at 'resourceArn' is not the ARN of a model, an endpoint, an "
            "endpoint configuration, a model package or a group of such, a transform job, or a "
            f"monitoring schedule or its job definition, of account {home.account_id} in "
            f"{home.region}."
        )
    return match[5]


def name_or_arn(home: Home, kind: Kind, given: str) -> str:
    """The name that a request gives by itself or in an ARN; a version has no leading zeros.

    Raises:
        ValidationError: it is the ARN of something else, or of another account or region.
    """
    name = given
    if given.startswith("arn:"):
        if kind_of_arn(given) is not kind:
            raise ValidationError(f"Value {given[:160]!r} is not the ARN of a {kind.words}.")
        name = name_of_arn(home, given)
    base, slash, version = name.partition("/")
    return f"{base}/{int(version)}" if slash else base
