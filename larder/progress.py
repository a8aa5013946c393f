"""How far a long task is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is: ``rows`` and ``bytes`` so far, of ``total`` rows where that is known.

    ``fraction`` (0 to 1) is the share of the stage that is done, where rows don't tell it.
    """

    stage: str
    state: str = ""
    seconds: float = 0.0
    rows: int = 0
    bytes: int = 0
    total: int | None = None
    fraction: float | None = None


Report = Callable[[Progress], None]


def silent(_progress: Progress) -> None:
    """A report that does nothing."""
