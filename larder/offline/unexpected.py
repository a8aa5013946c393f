"""An unforeseen error, while one group's table was worked on."""

from __future__ import annotations

from larder.offline.ports import TableUnusable
from larder.telemetry.log import place_of


class Unexpected(TableUnusable):
    """An error that no adapter knows, as the group's own. ``cause`` leaves out the error's text."""

    def __init__(self, what: str, error: Exception) -> None:
        self.cause = f"{what} failed: {place_of(error)}"
        super().__init__(f"{self.cause}: {error}")
