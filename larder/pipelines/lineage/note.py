"""What a step of a run leaves of lineage. It is never a reason to fail a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from larder.errors import LarderError
from larder.pipelines.definition import Pipeline
from larder.pipelines.lineage.events import Document, RunEvents, event_key
from larder.pipelines.lineage.uses import Columns
from larder.pipelines.runs.items import IntervalItem


class EventFiles(Protocol):
    """Where events are kept."""

    def put(self, key: str, event: Document) -> None:
        """Keep an event, in place of one that has the key.

        Raises:
            LarderError: the store refused.
        """


@dataclass(frozen=True, slots=True)
class LineageNotes:
    """Keeps the events of runs.

    ``declared`` gives a pipeline and its columns; ``lost`` hears why an event could not be kept.
    """

    events: RunEvents
    declared: Callable[[str], tuple[Pipeline, Columns]]
    files: EventFiles
    lost: Callable[[str, LarderError], None]

    def started(self, item: IntervalItem) -> None:
        """An interval was claimed."""
        self._keep(item, lambda pipeline, columns: self.events.started(pipeline, columns, item))

    def completed(self, item: IntervalItem, rows: int) -> None:
        """An interval was published."""
        self._keep(
            item, lambda pipeline, columns: self.events.completed(pipeline, columns, item, rows)
        )

    def failed(self, item: IntervalItem, cause: str) -> None:
        """Nothing of an interval was published."""
        self._keep(
            item, lambda pipeline, columns: self.events.failed(pipeline, columns, item, cause)
        )

    def _keep(self, item: IntervalItem, make: Callable[[Pipeline, Columns], Document]) -> None:
        try:
            event = make(*self.declared(item.pipeline))
            self.files.put(event_key(item, event), event)
        except LarderError as error:
            self.lost(item.run_id, error)
