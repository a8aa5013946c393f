"""Model packages and their groups as documents of the registry table.

    M#model-package-group  <name>                   a group
    M#model-package        <group>/<9 digits>       a version; ``<name>`` where it is of no group
    M#model-package-token  <ClientToken>            ``name``, of the package it created
    M#model-package-count  <group>                  ``n``, the last version given; stays for ever

Format ``model-package`` is that of both documents (decision 0192).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from larder.formats import MEMBER, Format
from larder.models.package_items import Approval, ModelPackage, PackageGroup
from larder.models.registry_items import Item, Kind
from larder.models.served_json import model_from_json, model_to_json

FORMAT: Final = Format("model-package")
Attributes = dict[str, Any]
_JOURNALED: Final = ("sent", "created_by", "changed", "changed_by")
_GROUP: Final = (*_JOURNALED, "policy", "deleting")
_PACKAGE: Final = (
    *_JOURNALED,
    *("group", "version", "approval", "reason", "metadata", "lifecycle"),
    *("image", "served", "failure", "specified_by", "token", "digest"),
)
KNOWN: Final[Mapping[Kind, Sequence[str]]] = {Kind.PACKAGE_GROUP: _GROUP, Kind.PACKAGE: _PACKAGE}
"""The members of a document by its kind, beside those that all items have."""


def token_key(token: str) -> Attributes:
    """The key of the item of a ClientToken."""
    return {"pk": {"S": "M#model-package-token"}, "sk": {"S": token}}


def count_key(group: str) -> Attributes:
    """The key of the item that counts a group's versions."""
    return {"pk": {"S": "M#model-package-count"}, "sk": {"S": group.lower()}}


def group_document(group: PackageGroup) -> Attributes:
    """What a group's document has beside what all items have."""
    return {name: getattr(group, name) for name in _GROUP}


def package_document(package: ModelPackage) -> Attributes:
    """What a package's document has beside what all items have."""
    served = package.served and model_to_json(package.served)
    return {name: getattr(package, name) for name in _PACKAGE} | {"served": served}


def group_of(common: Attributes, document: Attributes, _: Mapping[str, Any]) -> Item:
    """The group of a document.

    Raises:
        NewerFormat: a newer release wrote it.
    """
    FORMAT.check(f"model package group {common['name']}", document.get(MEMBER))
    return PackageGroup(**common, **{name: document[name] for name in _GROUP})


def package_of(common: Attributes, document: Attributes, _: Mapping[str, Any]) -> Item:
    """The package of a document; raises as ``group_of``."""
    item = f"model package {common['name']}"
    FORMAT.check(item, document.get(MEMBER))
    values = {name: document[name] for name in _PACKAGE}
    if values["approval"] is not None:
        values["approval"] = FORMAT.value(item, Approval, values["approval"])
    if values["served"] is not None:
        values["served"] = model_from_json(values["served"])
    return ModelPackage(**common, **values)
