"""The use case of a look before a deployment: what definitions change of what is published.

What is deployed is the document that the platform's functions read. What is published is in the
ledger: the revision of the rows that are there, and fingerprints of the definition that made them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from larder.pipelines.backfill import Backfill, Backfills
from larder.pipelines.definition import Pipeline
from larder.pipelines.revision import Change, changes, differing
from larder.pipelines.runs.items import BEGINNING, Position, State
from larder.pipelines.runs.ledger import Ledger
from larder.problems import Path


class Fate(StrEnum):
    """What a deployment does with a pipeline."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a definition is not to be deployed; ``path`` leads to the member in its file."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class PipelinePlan:
    """What a deployment does with one pipeline.

    Attributes:
        pipeline: the feature group that it writes.
        fate: what becomes of it.
        deployed: the revision that is deployed; ``None`` where it is new.
        published: the revision that has published rows; ``None`` where no row is published.
        revision: the revision to deploy; ``None`` where it is removed.
        changes: what differs from the deployed definition.
        refusals: why it is not to be deployed.
        backfill: what is due for the first time or again; ``None`` where nothing is.
    """

    pipeline: str
    fate: Fate
    deployed: int | None
    published: int | None
    revision: int | None
    changes: tuple[Change, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    backfill: Backfill | None = None


@dataclass(frozen=True, slots=True)
class Deployments:
    """Compares definitions with what is deployed and what is published."""

    deployed: Callable[[], Mapping[str, Pipeline]]
    ledger: Ledger
    backfills: Backfills

    def plan(self, definitions: Iterable[Pipeline]) -> list[PipelinePlan]:
        """What a deployment of these definitions does, in their order; then what it removes.

        Raises:
            LarderError: the deployed definitions or the ledger can't be read.
        """
        deployed, given = self.deployed(), {each.group: each for each in definitions}
        plans = [self._of(deployed.get(name), each) for name, each in given.items()]
        gone = (each for name, each in deployed.items() if name not in given)
        return plans + [self._removed(each) for each in gone]

    def _of(self, before: Pipeline | None, after: Pipeline) -> PipelinePlan:
        position = self.ledger.position(after.group)
        published = self._published(position)
        found = tuple(changes(before, after)) if before else ()
        is_raised = before is not None and before.revision != after.revision
        fate = Fate.NEW if before is None else Fate.UNCHANGED
        is_begun = position is not None and position.revision == after.revision
        return PipelinePlan(
            pipeline=after.group,
            fate=Fate.CHANGED if found or is_raised else fate,
            deployed=before.revision if before else None,
            published=published.revision if published else None,
            revision=after.revision,
            changes=found,
            refusals=tuple(_refusals(before, after, published)),
            backfill=None if is_begun else self.backfills.of(after),
        )

    def _removed(self, before: Pipeline) -> PipelinePlan:
        published = self._published(self.ledger.position(before.group))
        revision = published.revision if published else None
        return PipelinePlan(before.group, Fate.REMOVED, before.revision, revision, None)

    def _published(self, position: Position | None) -> Position | None:
        """The position, if any interval of its revision is published."""
        if position is None:
            return None
        items = self.ledger.intervals(position.pipeline, position.revision, BEGINNING)
        return position if any(each.state is State.PUBLISHED for each in items) else None


def _refusals(
    before: Pipeline | None, after: Pipeline, published: Position | None
) -> Iterator[Refusal]:
    if published is None or after.revision > published.revision:
        return
    raised = f"write `revision: {published.revision + 1}` under pipeline"
    cure = f"{raised}, and all rows are computed again from `start`"
    if after.revision < published.revision:
        text = f"it is {after.revision}, and rows of {published.revision} are published: {raised}"
        yield Refusal(("pipeline", "revision"), f"pipeline.revision: {text}")
        return
    found = list(changes(before, after)) if before else []
    wrong = [each for each in found if each.is_wrong]
    if before is not None and before.revision == published.revision:
        for each in wrong:
            told = f"{_value(each.before)} becomes {_value(each.after)}"
            text = f"{told}, which makes rows of revision {published.revision} wrong"
            other = _another_name(each)
            yield Refusal(each.path, f"{each.member}: {text}: {cure}{other}")
    named = {".".join(each.member.split(".")[:2]) for each in wrong}
    for member, path in differing(published.made_of, after):
        if member not in named:
            text = f"rows of revision {published.revision} were published by another definition"
            yield Refusal(path, f"{member}: {text} of it, which is deployed no more: {cure}")


def _another_name(change: Change) -> str:
    return "; or give the feature another name" if change.member.startswith("features.") else ""


def _value(text: str | None) -> str:
    return "nothing" if text is None else f"'{text[:100]}'"
