"""The data plane of this process, on behalf of one caller.

A process and its forked child can't share connections: each would read the other's answers. So a
child that finds its parent's data plane opens one of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

from larder.wiring.data_plane import DataPlane


class ProcessPlane:
    """Opens a data plane for each process that uses it. ``caller`` is as in ``larder.connect``."""

    def __init__(self, open_plane: Callable[[], DataPlane], caller: str | None) -> None:
        self.caller = caller
        self._open_plane = open_plane
        self._held = self._opened()

    @property
    def current(self) -> DataPlane:
        """The data plane, whose use cases ask for the caller's grants."""
        if self._held[0] != os.getpid():  # two threads may both open one: the later is kept
            self._held = self._opened()
        return self._held[1]

    def close(self) -> None:
        """Close the connections of this process that are not in use."""
        if self._held[0] == os.getpid():
            self._held[1].close()

    def _opened(self) -> tuple[int, DataPlane]:
        plane = self._open_plane()
        access = plane.rules.access_of(self.caller)
        return os.getpid(), replace(
            plane,
            reader=plane.reader.of_caller(access),
            writer=plane.writer.of_caller(access),
            updater=plane.updater.of_caller(access),
            lister=plane.lister.of_caller(access),
        )
