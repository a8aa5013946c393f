"""``larder model show NAME``, ``larder model alias GROUP ALIAS VERSION``, ``larder model log``."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from larder.as_of.oracle import nanos_of
from larder.cli.parsers import add_stage
from larder.errors import ConfigurationError, ResourceNotFound, ValidationError
from larder.extras import needs
from larder.models.package_items import ALIAS, Alias, ModelPackage
from larder.models.package_log import Change, LogEntry, group_log, states
from larder.models.registry_items import Item, Model
from larder.models.served_json import model_to_json
from larder.wiring.location import find_platform

if TYPE_CHECKING:
    from larder.wiring.model_registry import ModelRegistrySettings


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the command's own commands and their options."""
    inner = parser.add_subparsers(required=True, metavar="command")
    show = inner.add_parser(
        "show",
        help="a model or a model package as it is served",
        description="Prints, as JSON, what was made of a model: its files, the library that "
        "computes it, and its feature specification as it was resolved, with each group's uid.",
    )
    show.add_argument("name", metavar="NAME", help="of a model, or GROUP/VERSION of a package")
    add_stage(show)
    show.set_defaults(run=_show)
    _add_alias(inner.add_parser("alias", help="make a version of a group its champion, or such"))
    _add_log(inner.add_parser("log", help="what changed in a group, or what was so at an instant"))


def _add_alias(alias: argparse.ArgumentParser) -> None:
    alias.description = (
        "Moves an alias to a version. An alias is one version at a time; with --from "
        "it moves only if it is that one now. It is the tag larder:alias:ALIAS of the group: "
        "aws sagemaker list-tags shows it, and delete-tags removes it."
    )
    alias.add_argument("group", metavar="GROUP")
    alias.add_argument("alias", metavar="ALIAS", help="such as champion")
    alias.add_argument("version", metavar="VERSION", type=int)
    alias.add_argument("--from", dest="expected", metavar="VERSION", help="or none")
    alias.add_argument("--reason", metavar="TEXT", help="for the log")
    add_stage(alias)
    alias.set_defaults(run=_alias)


def _add_log(log: argparse.ArgumentParser) -> None:
    log.description = (
        "Prints every change of a group and its versions: when, who, what, from, to, "
        "and why. With --at, prints what was so then: approvals, aliases and the rest."
    )
    log.add_argument("group", metavar="GROUP")
    log.add_argument("--at", metavar="TIME", help="ISO-8601 with a zone, UTC: Z")
    add_stage(log)
    log.add_argument("--json", action="store_true", help="one JSON object a line")
    log.set_defaults(run=_log)


def _settings(options: argparse.Namespace) -> ModelRegistrySettings:
    with needs("aws", "larder model"):
        from larder.wiring.model_registry import ModelRegistrySettings  # noqa: PLC0415 - optional

    return find_platform(options.stage).settings(ModelRegistrySettings)


def _show(options: argparse.Namespace) -> int:
    settings = _settings(options)
    from larder.wiring.model_registry import open_registry  # noqa: PLC0415 - optional

    registry = open_registry(settings)
    items: Any = registry.packages if "/" in options.name else registry.models
    found = items.get(options.name) or registry.packages.get(options.name)
    if found is None:
        raise ResourceNotFound(
            f"There is no model or model package {options.name!r}: list them by `aws sagemaker "
            "list-models`, and name a package of a group as GROUP/VERSION."
        )
    print(orjson.dumps(shown(found), option=orjson.OPT_INDENT_2).decode())
    return 0


def shown(item: Item) -> dict[str, Any]:
    """What is shown of a model or a package."""
    told: dict[str, Any] = {"name": item.name, "created": _time(item.created), "uid": item.uid}
    if isinstance(item, ModelPackage):
        told |= {
            "status": item.status,
            "failure": item.failure,
            "approval": item.approval,
            "created_by": item.created_by,
        }
    served = item.served if isinstance(item, Model | ModelPackage) else None
    return told | {"served": orjson.loads(model_to_json(served))["model"] if served else None}


def _alias(options: argparse.Namespace) -> int:
    alias = Alias(options.version, options.expected, options.reason)
    value = alias.asked
    if Alias.parse(value) is None or len(value) > 256:
        raise ConfigurationError(
            f"{value!r} is no move of an alias: give a version from 1, --from a version or none, "
            "and a --reason of at most 200 characters."
        )
    settings = _settings(options)
    from larder.client.api_errors import larder_errors  # noqa: PLC0415 - optional
    from larder.wiring.model_registry import open_control  # noqa: PLC0415 - optional

    client = open_control(settings)
    with larder_errors():
        found = client.describe_model_package_group(ModelPackageGroupName=options.group)
        tag = {"Key": f"{ALIAS}{options.alias}", "Value": value}
        client.add_tags(ResourceArn=found["ModelPackageGroupArn"], Tags=[tag])
    print(f"{options.alias} of {found['ModelPackageGroupName']} is version {options.version}")
    return 0


def _log(options: argparse.Namespace) -> int:
    until = _micros(options.at) if options.at else None
    settings = _settings(options)
    from larder.wiring.model_registry import open_registry  # noqa: PLC0415 - optional

    entries = list(open_registry(settings).log.read(group_log(options.group), until))
    if not entries:
        when = f" at {options.at}" if options.at else ""
        raise ResourceNotFound(f"The log has nothing of a group {options.group!r}{when}.")
    for line in _states(entries, options) if options.at else _entries(entries, options):
        print(line)
    return 0


def _entries(entries: list[LogEntry], options: argparse.Namespace) -> list[str]:
    if options.json:
        return [orjson.dumps(entry).decode() for entry in entries]
    return [
        f"{_time(entry.at)}  {_whose(options.group, entry.version)}  {_said(change)}  by {entry.by}"
        for entry in entries
        for change in entry.changes
    ]


def _states(entries: list[LogEntry], options: argparse.Namespace) -> list[str]:
    found = states(entries)
    if options.json:
        return [
            orjson.dumps(
                {"version": version, **{what: each.after for what, each in known.items()}}
            ).decode()
            for version, known in found.items()
        ]
    return [
        f"{_whose(options.group, version)}  {what} {change.after}"
        for version, known in found.items()
        for what, change in known.items()
    ]


def _whose(group: str, version: int) -> str:
    return f"{group}/{version}" if version else group


def _said(change: Change) -> str:
    told = f"{change.what}: {change.before or 'none'} -> {change.after or 'none'}"
    return f"{told} ({change.reason})" if change.reason else told


def _time(micros: int) -> str:
    moment = datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 10**6)
    return moment.isoformat().replace("+00:00", "Z")


def _micros(text: str) -> int:
    try:
        return nanos_of(text) // 1000
    except ValidationError as error:
        raise ValidationError(f"--at {text!r}: {error}") from error
