"""Models, endpoint configurations and endpoints as items of the registry table.

    M#<kind>  <name>   the item of that name, in lower case; ``doc``, its document, and beside it
                       what is conditioned on: ``uid``, ``revision``. An endpoint also has
                       ``served``, what invocations read of it (``larder.models.served_json``)

``larder.models.adapters.dynamodb_package_item`` has the documents of packages and their groups,
``larder.transforms.adapters.dynamodb_jobs`` those of transform jobs. No item of feature groups has
a partition key that begins so. None of these has the attribute ``kind``, by which the table's index
lists groups.

Format ``model-item`` is that of the three documents here (decision 0192).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from larder.errors import ValidationError
from larder.formats import MEMBER, Format, carried, known_members
from larder.models.adapters import dynamodb_package_item as packages
from larder.models.deployment import Deployment, Phase
from larder.models.package_items import ModelPackage, PackageGroup
from larder.models.registry_items import (
    Endpoint,
    EndpointConfig,
    Item,
    Kind,
    Model,
    Pending,
    VariantDetail,
    VariantSpec,
    key_of,
)
from larder.models.served_json import (
    check_rewritable,
    from_json,
    model_from_json,
    model_to_json,
    to_json,
)
from larder.models.traffic_plan import TrafficPlan

FORMAT: Final = Format("model-item")
Attributes = dict[str, Any]
_COMMON: Final = ("name", "created", "tags")
_OWN: Final[Mapping[Kind, Sequence[str]]] = {
    Kind.MODEL: ("sent", "served", "image"),
    Kind.ENDPOINT_CONFIG: ("sent", "variants", "shadows"),
    Kind.ENDPOINT: ("changed", "details", "failure", "deployment", "pending"),
}
_LARGEST = 390_000
"""Bytes; DynamoDB takes items of 400 KB with their keys."""


def partition_key(kind: Kind) -> Attributes:
    """The partition key of all items of a kind."""
    return {"S": f"M#{kind}"}


def item_key(kind: Kind, name: str) -> Attributes:
    """The key of the item of that name."""
    return {"pk": partition_key(kind), "sk": {"S": key_of(name)}}


def to_item(kind: Kind, item: Item, stored: Attributes | None = None) -> Attributes:
    """The attributes of an item, with what a newer release added to the ``stored`` one.

    Raises:
        ValidationError: they are larger than DynamoDB takes.
        NewerFormat: the stored one has what this release would lose.
    """
    document = {**_common(item), **_own(item)}
    if stored is not None:
        document = _carrying(kind, stored, document)
    attributes: Attributes = {
        **(stored or {}),
        **item_key(kind, item.name),
        "uid": {"S": item.uid},
        "revision": {"N": str(item.revision)},
        "doc": {"S": orjson.dumps(document, default=_plain).decode()},
    }
    if isinstance(item, Endpoint):
        attributes["served"] = {"S": to_json(item.served)}
    size = sum(
        len(attributes[name]["S"].encode()) for name in ("doc", "served") if name in attributes
    )
    if size > _LARGEST:
        raise ValidationError(
            f"The {kind.words} {item.name} takes {size} bytes in the registry, of {_LARGEST} that "
            "fit: give it a shorter Environment, feature specification or card, or fewer variants."
        )
    return attributes


def from_item(kind: Kind, attributes: Mapping[str, Any]) -> Item:
    """The item of its attributes.

    Raises:
        NewerFormat: a newer release wrote it, in a form that this one can't read.
        KeyError, ValueError: they are not of this layout.
    """
    document = orjson.loads(attributes["doc"]["S"])
    if kind in _OWN:
        FORMAT.check(f"{kind.words} {document['name']}", document.get(MEMBER))
    common = {
        "name": document["name"],
        "uid": attributes["uid"]["S"],
        "created": document["created"],
        "tags": tuple((key, value) for key, value in document["tags"]),
        "revision": int(attributes["revision"]["N"]),
    }
    return _READERS[kind](common, document, attributes)


def _carrying(kind: Kind, stored: Attributes, document: Attributes) -> Attributes:
    """A document to be written, with what a newer release added to the stored one."""
    before = orjson.loads(stored["doc"]["S"])
    for served in (before.get("served"), stored.get("served", {}).get("S")):
        if served is not None:
            check_rewritable(served)
    own = _OWN.get(kind) or packages.KNOWN[kind]
    return carried(before, document, frozenset((*_COMMON, *own)))


def _common(item: Item) -> Attributes:
    return {"name": item.name, "created": item.created, "tags": [list(tag) for tag in item.tags]}


def _model(common: Attributes, document: Attributes, _: Mapping[str, Any]) -> Item:
    return Model(
        **common,
        sent=document["sent"],
        served=model_from_json(document["served"]),
        image=document["image"],
    )


def _config(common: Attributes, document: Attributes, _: Mapping[str, Any]) -> Item:
    return EndpointConfig(
        **common,
        sent=document["sent"],
        variants=tuple(map(_variant, document["variants"])),
        shadows=tuple(map(_variant, document["shadows"])),
    )


def _variant(document: Attributes) -> VariantSpec:
    return VariantSpec(**known_members(VariantSpec, document))


def _endpoint(common: Attributes, document: Attributes, attributes: Mapping[str, Any]) -> Item:
    return Endpoint(
        **common,
        served=from_json(attributes["served"]["S"]),
        changed=document["changed"],
        details=_details(document["details"]),
        failure=document["failure"],
        deployment=document["deployment"],
        pending=_pending(document.get("pending")),
    )


def _pending(document: Attributes | None) -> Pending | None:
    if document is None:
        return None
    deployment, plan = document["deployment"], document["deployment"]["plan"]
    shares, alarms = tuple(plan["shares"]), tuple(plan["alarms"])
    known = known_members(TrafficPlan, plan) | {"shares": shares, "alarms": alarms}
    phase = FORMAT.value("An update of an endpoint", Phase, deployment["phase"])
    moving = known_members(Deployment, deployment) | {"plan": TrafficPlan(**known), "phase": phase}
    return Pending(
        deployment=Deployment(**moving),
        details=_details(document["details"]),
        capture=document["capture"],
        sent=document["sent"],
    )


def _details(documents: list[Attributes]) -> tuple[VariantDetail, ...]:
    return tuple(VariantDetail(**known_members(VariantDetail, each)) for each in documents)


_READERS: Final = {
    Kind.MODEL: _model,
    Kind.ENDPOINT_CONFIG: _config,
    Kind.ENDPOINT: _endpoint,
    Kind.PACKAGE_GROUP: packages.group_of,
    Kind.PACKAGE: packages.package_of,
}


def _own(item: Item) -> Attributes:
    match item:
        case Model():
            return {
                "sent": item.sent,
                "served": model_to_json(item.served),
                "image": item.image,
            }
        case EndpointConfig():
            return {"sent": item.sent, "variants": item.variants, "shadows": item.shadows}
        case Endpoint():
            return {
                "changed": item.changed,
                "details": item.details,
                "failure": item.failure,
                "deployment": item.deployment,
                **({"pending": item.pending} if item.pending else {}),
            }
        case PackageGroup():
            return packages.group_document(item)
        case ModelPackage():
            return packages.package_document(item)
    raise TypeError(f"{type(item).__name__} is no item of the registry")


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} has no form in JSON")
