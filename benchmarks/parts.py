"""The parts of the benchmark, in the order of their rows.

A part is a module whose ``rows(setting)`` gives rows one by one, and a line here. It runs in a
process of its own, so that neither its imports nor its memory reach another part's figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path

from benchmarks import environments
from benchmarks.rows import Row


@dataclass(frozen=True)
class Setting:
    """What a part is measured with; an environment is ``None`` where it can't be installed.

    ``long`` asks for rows that take minutes too.
    """

    without_feast: bool = False
    long: bool = False

    @cached_property
    def feast(self) -> Path | None:
        """Feast's environment."""
        return None if self.without_feast else environments.feast()

    @cached_property
    def feast_joins(self) -> Path | None:
        """Feast's with its DuckDB store."""
        return None if self.without_feast else environments.feast_joins()

    @cached_property
    def serving(self) -> Path | None:
        """The HTTP server's."""
        return environments.serving()

    @cached_property
    def evidently(self) -> Path | None:
        """Evidently's."""
        return environments.evidently()

    @cached_property
    def bare_client(self) -> Path | None:
        """redis-py's."""
        return environments.bare_client()


PARTS = {
    "handlers": "benchmarks.handlers",
    "listing": "benchmarks.listing",
    "imports": "benchmarks.imports",
    "inference": "benchmarks.inference",
    "models": "benchmarks.model_serving",
    "serving": "benchmarks.serving",
    "memory": "benchmarks.memory",
    "ingest": "benchmarks.ingest",
    "joins": "benchmarks.joins",
    "pipelines": "benchmarks.pipelines",
    "scoring": "benchmarks.scoring",
    "monitoring": "benchmarks.monitoring",
    "offline": "benchmarks.offline_lag",
}
"""Modules by the parts' names."""


def rows_of(part: str, setting: Setting) -> Iterator[Row]:
    """A part's rows, measured now."""
    rows: Callable[[Setting], Iterator[Row]] = import_module(PARTS[part]).rows
    return rows(setting)
