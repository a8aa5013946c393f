"""Definition files: feature groups as code, checked before anything is deployed.

One group per YAML file; ``features/`` has examples. The checks are those of CreateFeatureGroup, so
what passes here is refused by nothing but the platform's own state.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from larder.access.grants import pattern_problem
from larder.declared.documents import FILE, file_path, to_document
from larder.declared.yaml_lines import Located, UnreadableYaml, read_yaml
from larder.errors import ConfigurationError
from larder.groups.api.requests import group_spec, request_problems
from larder.groups.group_rules import group_problems
from larder.groups.reserved_tags import PREFIX
from larder.problems import Path as MemberPath
from larder.problems import Problem, shown
from larder.wire.shapes import problems

_SUFFIXES = (".yaml", ".yml")
_ANY_URI = {"S3StorageConfig": {"S3Uri": "s3://bucket/offline"}}
_ANY_DATABASE = {"Database": "database"}


def load_definitions(directory: Path) -> list[dict[str, Any]]:
    """The definitions in a folder, by file name, as the JSON documents that are deployed.

    Raises:
        ConfigurationError: a line ``file:line: member: problem`` for everything that is wrong in
            any of the files, or that the folder is not there.
    """
    if not directory.is_dir():
        raise ConfigurationError(
            f"{directory} is not a folder: put one file for each feature group there, or none."
        )
    paths = sorted(each for each in directory.iterdir() if each.suffix in _SUFFIXES)
    files = [_read(path, f"{directory.name}/{path.name}") for path in paths]
    complaints = [text for file in files for text in file.complaints] + list(_doubles(files))
    if complaints:
        raise ConfigurationError("\n".join(complaints))
    return [file.document for file in files]


@dataclass(slots=True)
class _File:
    """What became of one file: its document, unless there are complaints."""

    complaints: list[str]
    document: dict[str, Any] = field(default_factory=dict)
    name_line: int = 1


def _read(path: Path, file: str) -> _File:
    try:
        located = read_yaml(path.read_text(encoding="utf-8"))
    except UnreadableYaml as error:
        return _File([f"{file}:{error.line}: {error}"])
    except UnicodeDecodeError as error:
        return _File([f"{file}:1: the file is not UTF-8: {error}"])
    complaints = [_complaint(file, located, each) for each in _problems(located, file)]
    if complaints:
        return _File(complaints)
    return _File([], to_document(file, _members(located)), located.line(("name",)))


def _doubles(files: list[_File]) -> Iterator[str]:
    """Complaints about groups that an earlier file defines already."""
    first: dict[str, str] = {}
    for document, line in ((file.document, file.name_line) for file in files if file.document):
        name, file = document["Request"]["FeatureGroupName"], document["File"]
        if name in first:
            yield f"{file}:{line}: name: {name} is defined in {first[name]} too"
        first.setdefault(name, file)


def _problems(located: Located, file: str) -> Iterator[Problem]:
    """What is wrong with a file, by paths in that file."""
    found = list(problems(FILE, located.value))
    yield from found
    if found:
        return
    members = _members(located)
    yield from _grant_problems(members)
    if members.get("online") is None and members.get("offline") is None:
        text = "a feature group needs a store: add `online: {}`, an `offline: {}`, or both"
        yield Problem(("name",), text)
        return
    request = to_document(file, members)["Request"]
    offline = request.get("OfflineStoreConfig")
    if offline is not None:  # the deployed platform fills these in
        catalog = offline.get("DataCatalogConfig")
        filled = {"DataCatalogConfig": {**_ANY_DATABASE, **catalog}} if catalog else {}
        request["OfflineStoreConfig"] = {**_ANY_URI, **offline, **filled}
    wrong = list(request_problems("CreateFeatureGroup", request))
    for problem in wrong or group_problems(group_spec(request)):
        yield Problem(file_path(problem.path, members), problem.text, problem.value)


def _grant_problems(members: dict[str, Any]) -> Iterator[Problem]:
    grants = members.get("grants")
    if grants is not None and not any(grants.values()):
        text = "Member must name a principal for read, write or admin, or be left out"
        yield Problem(("grants",), text, "empty")
    for right, patterns in (grants or {}).items():
        for place, pattern in enumerate(patterns or ()):
            problem = pattern_problem(pattern)
            if problem is not None:
                yield Problem(("grants", right, place), problem, shown(pattern))
    for key in members.get("tags") or {}:
        if key.lower().startswith(PREFIX):
            text = "Member must not be a tag for grants: a definition file has `grants:` for them"
            yield Problem(("tags", key), text, shown(key))


def _members(located: Located) -> dict[str, Any]:
    """The members that are there: a name without a value is no member."""
    assert isinstance(located.value, dict)  # noqa: S101 (its shape was checked)
    return {name: value for name, value in located.value.items() if value is not None}


def _complaint(file: str, located: Located, problem: Problem) -> str:
    text = problem.text
    if problem.value is not None:
        text = f"{text} (it is {problem.value})"
    return f"{file}:{located.line(problem.path)}: {_dotted(problem.path)}: {text}"


def _dotted(path: MemberPath) -> str:
    dotted = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return dotted.removeprefix(".") or "file"
