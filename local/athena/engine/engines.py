"""An engine for each caller, so that no statement reads with another's credentials or cache."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from local.athena.engine.engine import Engine
from local.athena.engine.results import ResultFiles
from local.athena.tables.cloud import Cloud

_MAX_KEPT = 8


@dataclass(frozen=True, slots=True)
class Tools:
    """What runs a caller's statements and reads their results."""

    engine: Engine
    results: ResultFiles


class Engines:
    """The engines of the latest callers, each with DuckDB's memory limit of its own.

    An engine that is no longer kept lives on until its last statement has ended.
    """

    def __init__(self, *, memory_limit: str, spill_directory: Path) -> None:
        self._memory_limit = memory_limit
        self._spill_directory = spill_directory
        self._lock = threading.Lock()
        self._kept: OrderedDict[Cloud, Tools] = OrderedDict()

    def of(self, cloud: Cloud) -> Tools:
        """The tools of the caller whose credentials ``cloud`` has."""
        with self._lock:
            tools = self._kept.get(cloud)
            if tools is None:
                tools = self._kept[cloud] = self._made(cloud)
            self._kept.move_to_end(cloud)
            while len(self._kept) > _MAX_KEPT:
                self._kept.popitem(last=False)
            return tools

    def close(self) -> None:
        """Close the engines that are kept; no statement may run any more."""
        with self._lock:
            for tools in self._kept.values():
                tools.engine.close()
            self._kept.clear()

    def _made(self, cloud: Cloud) -> Tools:
        engine = Engine(
            cloud, memory_limit=self._memory_limit, spill_directory=self._spill_directory
        )
        return Tools(engine, ResultFiles(cloud))
