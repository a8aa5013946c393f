"""Trainings as code: ``trainings/*.yaml``, one file a training, checked before deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from larder.declared.complaints import members_of
from larder.declared.expectations import percent
from larder.declared.folder import read_file, read_folder
from larder.declared.texts import TextReader
from larder.declared.training_shape import TRAINING
from larder.declared.yaml_lines import Located
from larder.pipelines.durations import HOUR
from larder.problems import Path as MemberPath
from larder.problems import Problem
from larder.trainings.definition import (
    Comparison,
    GroupPart,
    Labels,
    Metric,
    PackageTarget,
    Rule,
    StepKind,
    Training,
    TrainingStep,
    Triggers,
)
from larder.trainings.rules import training_problems
from larder.trainings.runs import LONGEST_FUNCTION
from larder.wire.shapes import problems

Members = Mapping[str, Any]
_JOB_TIME: Final = 2 * HOUR


def load_trainings(
    directory: Path, pipelines: frozenset[str], *, two_persons: bool = False
) -> list[Training]:
    """The trainings of a folder, by file name; none where there is no such folder.

    ``pipelines`` are those of the stage. ``two_persons`` says that the stage asks for another
    approver than the author, so that no comparison may approve.

    Raises:
        ConfigurationError: a line ``file:line: member: problem`` for everything that is wrong in
            any of the files.
    """
    stage = _Stage(pipelines, two_persons)
    return [each.value for each in read_folder(directory, stage.read, _names)]


def load_training(path: Path) -> Training:
    """The training of one file, apart from any stage: its pipelines are not looked for.

    Raises:
        ConfigurationError: as of ``load_trainings``; or there is no such file.
    """
    return read_file(path, _Stage(None, two_persons=False).read)


@dataclass(frozen=True, slots=True)
class _Stage:
    """What files are checked against; ``pipelines`` are ``None`` where they are not known."""

    pipelines: frozenset[str] | None
    two_persons: bool

    def read(self, located: Located, _folder: Path) -> Training | list[Problem]:
        """The training of a file, or what is wrong with it."""
        located.value = _spelled_out(located.value)
        if found := list(problems(TRAINING, located.value)):
            return found
        reader = TrainingReader(members_of(located))
        training = reader.read()
        found = reader.problems or list(
            training_problems(training, self.pipelines, two_persons=self.two_persons)
        )
        return found or training


def _names(training: Training) -> Mapping[str, str]:
    return {"name": training.name}


def _spelled_out(document: object) -> object:
    """Numbers and truths of ``parameters`` and ``environment`` as texts, as all of them travel."""
    if not isinstance(document, dict):
        return document
    found = dict(document)
    for member, inner in (("train", "parameters"), ("model", "environment")):
        given = found.get(member)
        if isinstance(given, dict) and isinstance(given.get(inner), dict):
            texts = {name: _text(value) for name, value in given[inner].items()}
            found[member] = {**given, inner: texts}
    return found


def _text(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


@dataclass(slots=True)
class TrainingReader(TextReader):
    """Reads the training of one file; ``problems`` are texts it can't read."""

    members: Members

    def read(self) -> Training:
        """The training. Where there are problems it is not to be used."""
        members, of_set = self.members, self.members["training_set"]
        model, compare = members["model"], members["compare"]
        return Training(
            name=members["name"],
            labels=self._labels(of_set["labels"]),
            event_time=of_set["event_time"],
            time_zone=of_set.get("time_zone"),
            groups=tuple(self._group(*each) for each in enumerate(of_set["groups"])),
            target=members["target"],
            step=self._step(members["train"]),
            model=PackageTarget(
                group=model["group"],
                image=model["image"],
                environment=model.get("environment") or {},
            ),
            comparison=Comparison(
                Metric(compare["metric"]),
                percent(compare.get("held_out") or "20%"),
                compare.get("margin") or 0.0,
            ),
            rule=Rule(members.get("approval") or Rule.PENDING),
            triggers=self._triggers(members.get("triggers") or {}),
            owner=members.get("owner"),
            description=members.get("description"),
        )

    def _labels(self, labels: Members) -> Labels:
        path: MemberPath = ("training_set", "labels")
        self.one_of(labels, ("table", "query"), path)
        table, query = labels.get("table"), labels.get("query")
        if table:
            if labels.get("tables"):
                text = "Member must be left out with table, which is the one that is read"
                self.problems.append(Problem((*path, "tables"), text))
            return Labels(f"SELECT * FROM {table}", (table,))  # noqa: S608 - its form was checked
        if query and not labels.get("tables"):
            text = "Member must name the tables that the query reads: others are refused"
            self.problems.append(Problem((*path, "tables"), text, "null"))
        return Labels(query or "", tuple(labels.get("tables") or ()))

    def _group(self, place: int, group: Members) -> GroupPart:
        look_back = group.get("look_back")
        features = group.get("features")
        path = ("training_set", "groups", place, "look_back")
        return GroupPart(
            group=group["group"],
            features=tuple(features) if features else None,
            key=group.get("key"),
            look_back=self.length(look_back, path),
            prefix=group.get("prefix") or "",
        )

    def _step(self, step: Members) -> TrainingStep:
        self.one_of(step, ("function", "job"), ("train",))
        kind = StepKind.JOB if step.get("job") else StepKind.FUNCTION
        default = _JOB_TIME if kind is StepKind.JOB else LONGEST_FUNCTION
        timeout = step.get("timeout")
        return TrainingStep(
            kind=kind,
            name=step.get("job") or step.get("function") or "",
            timeout=default if timeout is None else self.length(timeout, ("train", "timeout")) or 0,
            parameters=step.get("parameters") or {},
        )

    def _triggers(self, triggers: Members) -> Triggers:
        given = triggers.get("schedule")
        path = ("triggers", "schedule")
        schedule = None if given is None else self.schedule(given, ("every", "cron"), path)
        return Triggers(
            schedule,
            tuple(triggers.get("new_data") or ()),
            tuple(triggers.get("alarms") or ()),
        )
