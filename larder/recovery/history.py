"""What bringing back a table of the history came to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RestoredHistory:
    """What was done to a table.

    ``registered`` is the metadata that it was registered from, if it was. ``snapshot`` is the
    current one now; ``dropped`` are newer ones that it took the place of, newest first.
    """

    table: str
    registered: str | None
    snapshot: int | None
    dropped: tuple[int, ...]
