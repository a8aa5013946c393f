"""An unforeseen error, while one group's table was worked on."""

from __future__ import annotations

import traceback

from larder.offline.ports import TableUnusable


class Unexpected(TableUnusable):
    """An error that no adapter knows, as the group's own. ``cause`` leaves out the error's text."""

    def __init__(self, what: str, error: Exception) -> None:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        self.cause = f"{what} failed: {type(error).__name__} at {frame.name}:{frame.lineno}"
        super().__init__(f"{self.cause}: {error}")
