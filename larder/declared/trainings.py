"""Trainings as code: ``trainings/*.yaml``, one file a training, checked before deployment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from larder.declared.complaints import complaint, members_of
from larder.declared.expectations import percent
from larder.declared.training_shape import TRAINING
from larder.declared.yaml_lines import Located, UnreadableYaml, read_yaml
from larder.errors import ConfigurationError
from larder.pipelines.definition import Schedule
from larder.pipelines.durations import EXAMPLES, HOUR, micros_of
from larder.problems import Path as MemberPath
from larder.problems import Problem, shown
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
_SUFFIXES: Final = (".yaml", ".yml")
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
    if not directory.is_dir():
        return []
    paths = sorted(each for each in directory.iterdir() if each.suffix in _SUFFIXES)
    stage = _Stage(pipelines, two_persons)
    found = [_read(path, f"{directory.name}/{path.name}", stage) for path in paths]
    files = [each for each in found if isinstance(each, _File)]
    complaints = [text for each in found if not isinstance(each, _File) for text in each]
    complaints += _doubles(files)
    if complaints:
        raise ConfigurationError("\n".join(complaints))
    return [each.training for each in files]


def load_training(path: Path) -> Training:
    """The training of one file, apart from any stage: its pipelines are not looked for.

    Raises:
        ConfigurationError: as of ``load_trainings``; or there is no such file.
    """
    if not path.is_file():
        raise ConfigurationError(f"{path}: there is no such file")
    found = _read(path, path.name, _Stage(None, two_persons=False))
    if not isinstance(found, _File):
        raise ConfigurationError("\n".join(found))
    return found.training


@dataclass(frozen=True, slots=True)
class _Stage:
    """What files are checked against; ``pipelines`` are ``None`` where they are not known."""

    pipelines: frozenset[str] | None
    two_persons: bool


@dataclass(frozen=True, slots=True)
class _File:
    """One file, with its training."""

    file: str
    located: Located
    training: Training


def _doubles(files: list[_File]) -> Iterator[str]:
    first: dict[str, str] = {}
    for each in files:
        name = each.training.name
        if name in first:
            text = f"Member must differ from that of {first[name]}"
            yield complaint(each.file, each.located, Problem(("name",), text, shown(name)))
        first.setdefault(name, each.file)


def _read(path: Path, file: str, stage: _Stage) -> _File | list[str]:
    """The file, or what is wrong with it."""
    try:
        located = read_yaml(path.read_text(encoding="utf-8"))
    except UnreadableYaml as error:
        return [f"{file}:{error.line}: {error}"]
    except UnicodeDecodeError as error:
        return [f"{file}:1: the file is not UTF-8: {error}"]
    located.value = _spelled_out(located.value)
    found = list(problems(TRAINING, located.value))
    if not found:
        reader = TrainingReader(members_of(located))
        training = reader.read()
        found = reader.problems or list(
            training_problems(training, stage.pipelines, two_persons=stage.two_persons)
        )
        if not found:
            return _File(file, located, training)
    return list(dict.fromkeys(complaint(file, located, each) for each in found))


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
class TrainingReader:
    """Reads the training of one file; ``problems`` are texts it can't read."""

    members: Members
    problems: list[Problem] = field(default_factory=list)

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
        self._one_of(labels, ("table", "query"), path)
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
            look_back=None if look_back is None else self._micros(look_back, path),
            prefix=group.get("prefix") or "",
        )

    def _step(self, step: Members) -> TrainingStep:
        self._one_of(step, ("function", "job"), ("train",))
        kind = StepKind.JOB if step.get("job") else StepKind.FUNCTION
        default = _JOB_TIME if kind is StepKind.JOB else LONGEST_FUNCTION
        timeout = step.get("timeout")
        return TrainingStep(
            kind=kind,
            name=step.get("job") or step.get("function") or "",
            timeout=default if timeout is None else self._micros(timeout, ("train", "timeout")),
            parameters=step.get("parameters") or {},
        )

    def _triggers(self, triggers: Members) -> Triggers:
        path: MemberPath = ("triggers", "schedule")
        given, schedule = triggers.get("schedule"), None
        if given is not None:
            self._one_of(given, ("every", "cron"), path)
            if given.get("timezone") and not given.get("cron"):
                text = "Member must be left out without cron: a length has no time zone"
                self.problems.append(Problem((*path, "timezone"), text, shown(given["timezone"])))
            every = given.get("every")
            schedule = Schedule(
                None if every is None else self._micros(every, (*path, "every")),
                given.get("cron"),
                given.get("timezone"),
            )
        return Triggers(
            schedule,
            tuple(triggers.get("new_data") or ()),
            tuple(triggers.get("alarms") or ()),
        )

    def _one_of(self, given: Members, names: tuple[str, ...], path: MemberPath) -> None:
        there = [name for name in names if given.get(name)]
        if len(there) != 1:
            text = f"Member must have exactly one of [{', '.join(names)}]"
            self.problems.append(Problem(path, text, f"of {', '.join(there) or 'none'}"))

    def _micros(self, text: str, path: MemberPath) -> int:
        found = micros_of(text)
        if found is None:
            self.problems.append(Problem(path, f"Member must be a length: {EXAMPLES}", shown(text)))
        return found or 0
