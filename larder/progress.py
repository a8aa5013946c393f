"""How far a long task is, told to whoever wants to hear it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is: ``rows`` and ``bytes`` so far, of ``total`` where that is known."""

    stage: str
    state: str = ""
    seconds: float = 0.0
    rows: int = 0
    bytes: int = 0
    total: int | None = None


Report = Callable[[Progress], None]


def silent(_progress: Progress) -> None:
    """A report that nobody hears."""
