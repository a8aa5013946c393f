"""Predictions as code: ``predictions/*.yaml``, one file a prediction, checked before deployment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from larder.declared.complaints import complaint, members_of
from larder.declared.documents import to_document
from larder.declared.expectations import ExpectationReader, percent
from larder.declared.files import created_problems
from larder.declared.prediction_shape import PREDICTION
from larder.declared.yaml_lines import Located, UnreadableYaml, read_yaml
from larder.errors import ConfigurationError
from larder.groups.feature_group import CollectionType, FeatureType
from larder.pipelines.checks.expectation import Expectation
from larder.pipelines.definition import Schedule
from larder.pipelines.durations import EXAMPLES, micros_of
from larder.predictions.definition import (
    SHARD_ROWS,
    VERSION_FEATURE,
    Choice,
    ModelChoice,
    Prediction,
    Score,
    Target,
)
from larder.predictions.rules import prediction_problems
from larder.problems import Path as MemberPath
from larder.problems import Problem, shown
from larder.wire.shapes import problems

Members = Mapping[str, Any]
_SUFFIXES: Final = (".yaml", ".yml")
_CHOICES: Final = ("approved", "alias", "version")
_EVENT_TIME: Final = "event_time"
_OWN: Final = ("refused", "drift")
"""Members of ``expect`` that predictions judge by themselves."""


def load_predictions(directory: Path) -> list[Prediction]:
    """The predictions of a folder, by file name; none where there is no such folder.

    Raises:
        ConfigurationError: a line ``file:line: member: problem`` for everything that is wrong in
            any of the files.
    """
    return [each.prediction for each in _load(directory)]


def load_target_groups(directory: Path, taken: Mapping[str, str]) -> list[dict[str, Any]]:
    """The groups that a deployment makes for predictions, as the documents of definition files.

    ``taken`` has the names of the groups that are defined already, and where.

    Raises:
        ConfigurationError: as of ``load_predictions``; or a group is defined twice.
    """
    files, documents, first = _load(directory), [], dict(taken)
    for each in files:
        target = each.prediction.target
        if not target.is_made:
            continue
        if target.group in first:
            problem = Problem(
                ("target",),
                f"Member must name another group: {target.group} is defined in "
                f"{first[target.group]} too. Write `existing: true` to publish in that one",
            )
            raise ConfigurationError(complaint(each.file, each.located, problem))
        first[target.group] = each.file
        documents.append(to_document(each.file, group_members(each.members, each.prediction)))
    return documents


def group_members(members: Members, prediction: Prediction) -> dict[str, Any]:
    """The members that a definition file of the target group would have."""
    target, declared = prediction.target, members["target"]
    online = {name: declared[name] for name in ("ttl", "storage_type") if declared.get(name)}
    described = {each["name"]: each.get("description") for each in members["scores"]}
    features: list[dict[str, Any]] = [
        {"name": target.identifier, "type": str(target.identifier_type)},
        {"name": target.event_time, "type": "String", "description": "The instant of the run"},
        *(
            {
                "name": each.name,
                "type": str(each.type),
                "collection": str(each.collection) if each.collection else None,
                "description": described.get(each.name),
            }
            for each in prediction.scores
        ),
        {"name": VERSION_FEATURE, "type": "String", "description": "The version that scored"},
    ]
    return {
        "name": target.group,
        "description": prediction.description,
        "record_identifier": target.identifier,
        "event_time": target.event_time,
        "online": online,
        "offline": {"table_format": "Iceberg"},
        "features": features,
        "tags": declared.get("tags"),
        "grants": declared.get("grants"),
    }


@dataclass(frozen=True, slots=True)
class _File:
    """One file, with its prediction."""

    file: str
    located: Located
    members: Members
    prediction: Prediction


def _load(directory: Path) -> list[_File]:
    if not directory.is_dir():
        return []
    paths = sorted(each for each in directory.iterdir() if each.suffix in _SUFFIXES)
    found = [_read(path, f"{directory.name}/{path.name}") for path in paths]
    files = [each for each in found if isinstance(each, _File)]
    complaints = [text for each in found if not isinstance(each, _File) for text in each]
    complaints += _doubles(files)
    if complaints:
        raise ConfigurationError("\n".join(complaints))
    return files


def _doubles(files: list[_File]) -> Iterator[str]:
    first: dict[str, str] = {}
    for each in files:
        for path, name in ((("name",), each.prediction.name), (("target",), _target(each))):
            key = f"{path[0]} {name}"
            if key in first:
                text = f"Member must differ from that of {first[key]}"
                yield complaint(each.file, each.located, Problem(path, text, shown(name)))
            first.setdefault(key, each.file)


def _target(file: _File) -> str:
    return file.prediction.target.group


def _read(path: Path, file: str) -> _File | list[str]:
    """The file, or what is wrong with it."""
    try:
        located = read_yaml(path.read_text(encoding="utf-8"))
    except UnreadableYaml as error:
        return [f"{file}:{error.line}: {error}"]
    except UnicodeDecodeError as error:
        return [f"{file}:1: the file is not UTF-8: {error}"]
    located.value = _spelled_out(located.value)
    found = list(problems(PREDICTION, located.value))
    if not found:
        members = members_of(located)
        reader = PredictionReader(members, path.parent)
        prediction = reader.read()
        found = reader.problems or list(prediction_problems(prediction))
        if not found:
            found = list(_group_problems(members, prediction))
        if not found:
            return _File(file, located, members, prediction)
    return list(dict.fromkeys(complaint(file, located, each) for each in found))


def _spelled_out(document: object) -> object:
    """``schedule: off`` as ``{off: true}``; YAML 1.1 reads ``off`` as false."""
    if isinstance(document, dict) and document.get("schedule") in (False, "off"):
        return {**document, "schedule": {"off": True}}
    return document


def _group_problems(members: Members, prediction: Prediction) -> Iterator[Problem]:
    """What CreateFeatureGroup says of the group that a deployment is to make."""
    if not prediction.target.is_made:
        return
    document = to_document("", group_members(members, prediction))
    for problem in created_problems(document["Request"]):
        match problem.path:
            case ("FeatureDefinitions", int(place), *_) if place >= 2:
                path: MemberPath = ("scores", place - 2)
            case _:
                path = ("target",)
        yield replace(problem, path=path)


@dataclass(slots=True)
class PredictionReader:
    """Reads the prediction of one file in ``folder``; ``problems`` are texts it can't read."""

    members: Members
    folder: Path
    problems: list[Problem] = field(default_factory=list)

    def read(self) -> Prediction:
        """The prediction. Where there are problems it is not to be used."""
        members = self.members
        refused, drift = self._own_expectations()
        return Prediction(
            name=members["name"],
            model=self._model(members["model"]),
            source=members["source"]["group"],
            target=self._target(members["target"]),
            scores=tuple(map(_score, members["scores"])),
            schedule=self._schedule(members["schedule"]),
            expect=self._expect(),
            tolerated=percent(members.get("tolerate", "0%")),
            refused=refused,
            drift=drift,
            shard_rows=members.get("shard_rows", SHARD_ROWS),
            freshness=self._micros(members.get("freshness"), ("freshness",)),
            owner=members.get("owner"),
            description=members.get("description"),
            revision=members.get("revision", 1),
        )

    def _model(self, model: Members) -> ModelChoice:
        given = [name for name in _CHOICES if model.get(name) is not None]
        if len(given) != 1:
            text = "Member must have exactly one of [approved, alias, version]"
            self.problems.append(Problem(("model",), text, f"of {', '.join(given) or 'none'}"))
            return ModelChoice(model["group"])
        return ModelChoice(
            model["group"], Choice(given[0]), model.get("alias") or "", model.get("version") or 0
        )

    def _target(self, target: Members) -> Target:
        return Target(
            group=target.get("group") or self.members["name"],
            identifier=target["record_identifier"],
            identifier_type=FeatureType(target.get("type") or FeatureType.STRING),
            event_time=target.get("event_time") or _EVENT_TIME,
            is_made=not target.get("existing"),
        )

    def _schedule(self, schedule: Members) -> Schedule:
        given = [name for name in ("every", "cron", "off") if schedule.get(name)]
        if len(given) != 1:
            text = "Member must have exactly one of [every, cron, off]"
            self.problems.append(Problem(("schedule",), text, f"of {', '.join(given) or 'none'}"))
        if schedule.get("timezone") and not schedule.get("cron"):
            text = "Member must be left out without cron: a length has no time zone"
            path = ("schedule", "timezone")
            self.problems.append(Problem(path, text, shown(schedule["timezone"])))
        every = self._micros(schedule.get("every"), ("schedule", "every"))
        return Schedule(every, schedule.get("cron"), schedule.get("timezone"))

    def _own_expectations(self) -> tuple[int | float, int | float | None]:
        """The share of refused records, and the greatest drift."""
        found: dict[str, Any] = {"refused": "0%"}
        for place, given in enumerate(self.members.get("expect") or ()):
            for name in _OWN:
                if given.get(name) is None:
                    continue
                if given.get("severity"):
                    text = f"Member must be left out with {name}, which always stops a run"
                    path = ("expect", place, "severity")
                    self.problems.append(Problem(path, text, shown(given["severity"])))
                found[name] = given[name]
        return percent(found["refused"]), found.get("drift")

    def _expect(self) -> tuple[Expectation, ...]:
        """What a pipeline's reader makes of the rest, which it knows by other names."""
        expect = [
            {name: value for name, value in each.items() if name not in _OWN}
            for each in self.members.get("expect") or ()
        ]
        scores = [{"type": FeatureType.FRACTIONAL, **each} for each in self.members["scores"]]
        target = self._target(self.members["target"])
        members = {
            "pipeline": {"expect": expect},
            "features": scores,
            "event_time": target.event_time,
        }
        reader = ExpectationReader(members, range(len(scores)), self.folder)
        found = reader.read()
        self.problems += [replace(each, path=_path(each.path)) for each in reader.problems]
        return found

    def _micros(self, text: str | None, path: MemberPath) -> int | None:
        if text is None:
            return None
        found = micros_of(text)
        if found is None:
            self.problems.append(Problem(path, f"Member must be a length: {EXAMPLES}", shown(text)))
        return found


def _score(given: Members) -> Score:
    collection = given.get("collection")
    return Score(
        given["name"],
        FeatureType(given.get("type") or FeatureType.FRACTIONAL),
        CollectionType(collection) if collection else None,
    )


def _path(path: MemberPath) -> MemberPath:
    match path:
        case ("pipeline", *rest):
            return tuple(rest)
        case ("features", *rest):
            return ("scores", *rest)
        case _:
            return path
