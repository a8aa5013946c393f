"""Definition files: feature groups as code, checked before anything is deployed.

One group per YAML file; ``features/`` has examples. The checks are those of CreateFeatureGroup, so
what passes here is refused by nothing but the platform's own state.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from larder.access.grants import pattern_problem
from larder.declared.complaints import complaint, members_of
from larder.declared.computed import computed_problems
from larder.declared.documents import file_path, to_document
from larder.declared.folder import SUFFIXES
from larder.declared.pipelines import PipelineReader
from larder.declared.shape import FILE
from larder.declared.spelled import WINDOW, spelled_out
from larder.declared.yaml_lines import Located, UnreadableYaml, read_yaml
from larder.errors import ConfigurationError
from larder.groups.api.requests import group_spec, request_problems
from larder.groups.group_rules import group_problems
from larder.groups.reserved_tags import PREFIX
from larder.pipelines.definition import Pipeline
from larder.pipelines.rules import pipeline_problems, pipeline_warnings, platform_problems
from larder.problems import Path as MemberPath
from larder.problems import Problem, shown
from larder.wire.shapes import problems

_ANY_URI = {"S3StorageConfig": {"S3Uri": "s3://bucket/offline"}}
_ANY_DATABASE = {"Database": "database"}


def load_definitions(directory: Path) -> list[dict[str, Any]]:
    """The definitions in a folder, by file name, as the JSON documents that are deployed.

    Raises:
        ConfigurationError: a line ``file:line: member: problem`` for everything that is wrong in
            any of the files, or that the folder is not there.
    """
    return [file.document for file in _load(directory)]


def load_pipelines(directory: Path) -> list[Pipeline]:
    """The pipelines of a folder's definitions, by file name, as the platform computes them.

    Raises:
        ConfigurationError: as of ``load_definitions``; or a definition asks for what this release
            does not compute. ``larder pipeline test`` and ``sql`` take it all the same.
    """
    return [each.pipeline for each in load_located(directory)]


def load_located(directory: Path) -> list[LocatedPipeline]:
    """As ``load_pipelines``, each with its file and the lines of its members.

    Raises:
        ConfigurationError: as of ``load_pipelines``.
    """
    files = _load(directory)
    complaints = [text for file in files for text in file.not_computed] + list(_cycles(files))
    if complaints:
        raise ConfigurationError("\n".join(complaints))
    return [
        LocatedPipeline(file.pipeline, str(file.document["File"]), file.located)
        for file in files
        if file.pipeline is not None
    ]


def load_pipeline(path: Path) -> Pipeline:
    """The pipeline of one definition file.

    Raises:
        ConfigurationError: a line for everything that is wrong, or that the file can't be read or
            has no pipeline.
    """
    if not path.is_file():
        raise ConfigurationError(f"{path} is not a file: name a definition file")
    file = _read(path, str(path))
    if file.complaints:
        raise ConfigurationError("\n".join(file.complaints))
    if file.pipeline is None:
        raise ConfigurationError(f"{path} has no `pipeline:`: its group is written by others")
    return file.pipeline


def definition_warnings(directory: Path) -> list[str]:
    """What a folder's definitions say that is allowed and rarely meant, each with its file.

    Raises:
        ConfigurationError: as of ``load_definitions``.
    """
    return [
        f"{file.document['File']}: {warning}"
        for file in _load(directory)
        if file.pipeline is not None
        for warning in pipeline_warnings(file.pipeline)
    ]


@dataclass(frozen=True, slots=True)
class LocatedPipeline:
    """A pipeline, and where its definition is."""

    pipeline: Pipeline
    file: str
    located: Located

    def place(self, path: MemberPath) -> str:
        """``file:line`` of a member, or of the nearest one around it that is there."""
        return f"{self.file}:{self.located.line(path)}"


def _load(directory: Path) -> list[_File]:
    if not directory.is_dir():
        raise ConfigurationError(
            f"{directory} is not a folder: put one file for each feature group there, or none."
        )
    paths = sorted(each for each in directory.iterdir() if each.suffix in SUFFIXES)
    files = [_read(path, f"{directory.name}/{path.name}") for path in paths]
    complaints = [text for file in files for text in file.complaints] + list(_doubles(files))
    if complaints:
        raise ConfigurationError("\n".join(complaints))
    return files


@dataclass(slots=True)
class _File:
    """What became of one file: its document and pipeline, unless there are complaints."""

    complaints: list[str]
    document: dict[str, Any] = field(default_factory=dict)
    name_line: int = 1
    pipeline: Pipeline | None = None
    not_computed: list[str] = field(default_factory=list)
    located: Located = field(default_factory=Located)


def _read(path: Path, file: str) -> _File:
    try:
        text = path.read_text(encoding="utf-8")
        located = read_yaml(text)
    except UnreadableYaml as error:
        cure = _about_names(text, error.line)
        return _File([f"{file}:{error.line}: {error}{cure}"])
    except UnicodeDecodeError as error:
        return _File([f"{file}:1: the file is not UTF-8: {error}"])
    located.value, places = spelled_out(located.value)
    found = _problems(located, file, places, path.parent)
    complaints = [complaint(file, located, each) for each in found]
    if complaints:
        return _File(list(dict.fromkeys(complaints)))
    members = members_of(located)
    pipeline = None
    if members.get("pipeline"):
        pipeline = PipelineReader(members, places, path.parent).read()
    unmet = platform_problems(pipeline) if pipeline else ()
    not_computed = [complaint(file, located, each) for each in unmet]
    name_line = located.line(("name",))
    return _File([], to_document(file, members), name_line, pipeline, not_computed, located)


def _about_names(text: str, line: int) -> str:
    lines = text.splitlines()
    if line <= len(lines) and WINDOW in lines[line - 1]:
        return f"; between braces, a name with {WINDOW} needs quotes: {{name: 'spend_{WINDOW}', …}}"
    return ""


def _doubles(files: list[_File]) -> Iterator[str]:
    """Complaints about groups that an earlier file defines already."""
    first: dict[str, str] = {}
    for document, line in ((file.document, file.name_line) for file in files if file.document):
        name, file = document["Request"]["FeatureGroupName"], document["File"]
        if name in first:
            yield f"{file}:{line}: name: {name} is defined in {first[name]} too"
        first.setdefault(name, file)


def _cycles(files: list[_File]) -> Iterator[str]:
    """Complaints about pipelines that read, by way of others, what they write."""
    reads = {
        file.pipeline.group: file.pipeline.source.group
        for file in files
        if file.pipeline is not None
    }
    for file in files:
        if file.pipeline is None or file.pipeline.source.group is None:
            continue
        way = [file.pipeline.group]
        while (named := reads.get(way[-1])) is not None and named not in way:
            way.append(named)
        if named == way[0]:
            told = " reads ".join([*way, named])
            text = f"Member must not lead back to this group: {told}"
            problem = Problem(("pipeline", "source", "group"), text, shown(way[1]))
            yield complaint(str(file.document["File"]), file.located, problem)


def _problems(located: Located, file: str, places: list[int], folder: Path) -> Iterator[Problem]:
    """What is wrong with a file, by paths in that file."""
    found = [_at_place(each, places) for each in problems(FILE, located.value)]
    yield from found
    if found:
        return
    members = members_of(located)
    yield from _grant_problems(members)
    if members.get("online") is None and members.get("offline") is None:
        text = "a feature group needs a store: add `online: {}`, an `offline: {}`, or both"
        yield Problem(("name",), text)
        return
    of_group = list(created_problems(to_document(file, members)["Request"]))
    for problem in of_group:
        yield _at_place(replace(problem, path=file_path(problem.path, members)), places)
    if not of_group:
        yield from _pipeline_problems(members, places, folder)


def created_problems(request: dict[str, Any]) -> Iterator[Problem]:
    """What CreateFeatureGroup says; the deployed platform fills in where offline data go."""
    offline = request.get("OfflineStoreConfig")
    if offline is not None:
        catalog = offline.get("DataCatalogConfig")
        filled = {"DataCatalogConfig": {**_ANY_DATABASE, **catalog}} if catalog else {}
        request["OfflineStoreConfig"] = {**_ANY_URI, **offline, **filled}
    wrong = list(request_problems("CreateFeatureGroup", request))
    yield from wrong or group_problems(group_spec(request))


def _pipeline_problems(
    members: dict[str, Any], places: list[int], folder: Path
) -> Iterator[Problem]:
    found = list(computed_problems(members, places))
    if not found and members.get("pipeline") is not None:
        reader = PipelineReader(members, places, folder)
        pipeline = reader.read()
        found = reader.problems or list(pipeline_problems(pipeline))
    yield from found


def _at_place(problem: Problem, places: list[int]) -> Problem:
    """A problem at a feature of the long spelling, at its place in the file."""
    match problem.path:
        case ("features", int(number), *rest):
            return replace(problem, path=("features", places[number], *rest))
        case _:
            return problem


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
