"""Predictions as code: ``predictions/*.yaml``, one file a prediction, checked before deployment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from larder.declared.complaints import complaint, members_of
from larder.declared.documents import to_document
from larder.declared.expectations import ExpectationReader, percent
from larder.declared.files import created_problems
from larder.declared.folder import Defined, read_folder
from larder.declared.prediction_shape import PREDICTION
from larder.declared.texts import TextReader
from larder.declared.yaml_lines import Located
from larder.errors import ConfigurationError
from larder.groups.feature_group import CollectionType, FeatureType
from larder.pipelines.checks.expectation import Expectation
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
_CHOICES: Final = ("approved", "alias", "version")
_WHEN: Final = ("every", "cron", "off")
_EVENT_TIME: Final = "event_time"
_OWN: Final = ("refused", "drift")
"""Members of ``expect`` that predictions judge by themselves."""


def load_predictions(directory: Path) -> list[Prediction]:
    """The predictions of a folder, by file name; none where there is no such folder.

    Raises:
        ConfigurationError: a line ``file:line: member: problem`` for everything that is wrong in
            any of the files.
    """
    return [each.value for each in _load(directory)]


def load_target_groups(directory: Path, taken: Mapping[str, str]) -> list[dict[str, Any]]:
    """The groups that a deployment makes for predictions, as the documents of definition files.

    ``taken`` has the names of the groups that are defined already, and where.

    Raises:
        ConfigurationError: as of ``load_predictions``; or a group is defined twice.
    """
    files, documents, first = _load(directory), [], dict(taken)
    for each in files:
        target = each.value.target
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
        members = members_of(each.located)
        documents.append(to_document(each.file, group_members(members, each.value)))
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


def _load(directory: Path) -> list[Defined[Prediction]]:
    return read_folder(directory, _read, _names)


def _names(prediction: Prediction) -> Mapping[str, str]:
    return {"name": prediction.name, "target": prediction.target.group}


def _read(located: Located, folder: Path) -> Prediction | list[Problem]:
    """The prediction of a file, or what is wrong with it."""
    located.value = _spelled_out(located.value)
    if found := list(problems(PREDICTION, located.value)):
        return found
    members = members_of(located)
    reader = PredictionReader(members, folder)
    prediction = reader.read()
    found = reader.problems or list(prediction_problems(prediction))
    return found or list(_group_problems(members, prediction)) or prediction


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
class PredictionReader(TextReader):
    """Reads the prediction of one file in ``folder``; ``problems`` are texts it can't read."""

    members: Members
    folder: Path

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
            schedule=self.schedule(members["schedule"], _WHEN, ("schedule",)),
            expect=self._expect(),
            tolerated=percent(members.get("tolerate", "0%")),
            refused=refused,
            drift=drift,
            shard_rows=members.get("shard_rows", SHARD_ROWS),
            freshness=self.length(members.get("freshness"), ("freshness",)),
            owner=members.get("owner"),
            description=members.get("description"),
            revision=members.get("revision", 1),
        )

    def _model(self, model: Members) -> ModelChoice:
        given = self.one_of(model, _CHOICES, ("model",))
        if given is None:
            return ModelChoice(model["group"])
        return ModelChoice(
            model["group"], Choice(given), model.get("alias") or "", model.get("version") or 0
        )

    def _target(self, target: Members) -> Target:
        return Target(
            group=target.get("group") or self.members["name"],
            identifier=target["record_identifier"],
            identifier_type=FeatureType(target.get("type") or FeatureType.STRING),
            event_time=target.get("event_time") or _EVENT_TIME,
            is_made=not target.get("existing"),
        )

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
