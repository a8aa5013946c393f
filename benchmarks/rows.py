"""Rows of the table: ours beside a peer, and beside what a thing must cost at least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.measure import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``peer`` and ``limit`` are figures of the same unit, named by ``against`` and ``least``.

    ``target`` is the project's own figure (design, section 6). Less is better, unless ``rate``.
    """

    id: str
    ours: Figure
    unit: str
    peer: Figure | None = None
    against: str = ""
    limit: Figure | None = None
    least: str = ""
    target: float | None = None
    rate: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer."""
        if self.peer is None:
            return None
        ours, peer = self.ours.value, self.peer.value
        return ours / peer if self.rate else peer / ours

    @property
    def met(self) -> bool | None:
        """Whether the target is reached."""
        if self.target is None:
            return None
        ours = self.ours.value
        return ours >= self.target if self.rate else ours <= self.target

    def as_json(self) -> dict[str, object]:
        """The row as it stands in ``results.json``."""
        return {
            "id": self.id,
            "ours": _rounded(self.ours.value),
            "spread": _rounded(self.ours.spread),
            "peer": self.peer and _rounded(self.peer.value),
            "against": self.against or None,
            "limit": self.limit and _rounded(self.limit.value),
            "ratio": self.ratio and _rounded(self.ratio),
            "target": self.target,
            "met": self.met,
            "unit": self.unit,
        }


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| row | ours | peer | times better | limit | target | |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    for row in rows:
        sign = "≥" if row.rate else "≤"
        target = "" if row.target is None else f"{sign} {row.target:g}"
        mark = {None: "", True: "met", False: "**missed**"}[row.met]
        peer = "" if row.peer is None else f"{_shown(row.peer)} ({row.against})"
        limit = "" if row.limit is None else f"{_shown(row.limit)} ({row.least})"
        ratio = "" if row.ratio is None else f"{row.ratio:.1f}"
        ours = f"{_shown(row.ours)} {row.unit}"
        lines.append(f"| {row.id} | {ours} | {peer} | {ratio} | {limit} | {target} | {mark} |")
    return "\n".join(lines)


def _shown(figure: Figure) -> str:
    spread = f" ± {figure.spread:.2g}" if figure.spread else ""
    return f"{_rounded(figure.value):g}{spread}"


def _rounded(value: float) -> float:
    return float(f"{value:.3g}") if value < 1000 else float(round(value))
