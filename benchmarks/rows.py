"""One row of a benchmark: our figure beside a peer's, and beside what a thing must cost at least.

A goal is a ratio to a figure of the same run. Two hosts of one kind differ by more than a factor of
two in every time. ``most`` is for what does not depend on the host: bytes on a disk or in memory,
and the seconds that the platform promises to its users.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.measure import Figure


@dataclass(frozen=True, slots=True)
class Goal:
    """At least so many times better than the other, or at most so many times the other."""

    times: float
    at_most: bool = False

    def __str__(self) -> str:
        """As a table shows it."""
        return f"{'≤' if self.at_most else '≥'} {self.times:.3g}"

    def shortfall(self, ratio: float) -> float:
        """By which part of the goal a ratio misses it; 0 where it is met."""
        missing = ratio - self.times if self.at_most else self.times - ratio
        return max(0.0, missing / self.times)


def at_least(times: float) -> Goal:
    """So many times better than the other."""
    return Goal(times)


def at_most(times: float) -> Goal:
    """So many times what the other takes."""
    return Goal(times, at_most=True)


@dataclass(frozen=True, slots=True)
class Beside:
    """Another's figure of the same unit, by its name; ``None`` where it could not be measured.

    A peer's ratio says how many times better we are, a limit's how many times as much we take.
    """

    name: str
    figure: Figure | None
    goal: Goal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Less is better, unless ``rate``. ``most`` is in the row's unit."""

    id: str
    ours: Figure
    unit: str
    peer: Beside | None = None
    limit: Beside | None = None
    most: float | None = None
    rate: bool = False

    def as_json(self) -> dict[str, object]:
        """The row as ``results.json`` keeps it; ``shortfalls`` says in words what is missed."""
        peer = None if self.peer is None else self._compared(self.peer, better=True)
        limit = None if self.limit is None else self._compared(self.limit, better=False)
        found = [each["shortfall"] for each in (peer, limit) if each and each["shortfall"]]
        if self.most is not None and self.ours.value > self.most:
            part = self.ours.value / self.most - 1
            found.append(f"{_shown(self.ours)} {self.unit}, at most {self.most:g}: {part:.0%} more")
        return {
            "id": self.id,
            "ours": rounded(self.ours.value),
            "spread": rounded(self.ours.spread),
            "unit": self.unit,
            "rate": self.rate,
            "peer": peer,
            "limit": limit,
            "most": self.most,
            "shortfalls": found,
        }

    def _compared(self, beside: Beside, *, better: bool) -> dict[str, object]:
        goal, other = beside.goal, beside.figure
        shown: dict[str, object] = {"name": beside.name, "goal": goal and str(goal)}
        if other is None:
            return {**shown, "value": None, "ratio": None, "shortfall": None}
        ratio = self.ours.over(other) if better is self.rate else other.over(self.ours)
        shortfall = goal.shortfall(ratio.value) if goal else 0.0
        words = f"{_shown(ratio)} times {'better than' if better else 'as much as'} {beside.name}"
        missed = f"{words}, goal {goal}: misses it by {shortfall:.0%}" if shortfall else None
        return {
            **shown,
            "value": rounded(other.value),
            "spread": rounded(other.spread),
            "ratio": rounded(ratio.value),
            "ratio_spread": rounded(ratio.spread),
            "shortfall": missed,
        }


def rounded(value: float) -> float:
    """Three digits of a number below a thousand, a whole number above."""
    return float(f"{value:.3g}") if value < 1000 else float(round(value))


def _shown(figure: Figure) -> str:
    spread = f" ± {figure.spread:.2g}" if figure.spread else ""
    return f"{rounded(figure.value):g}{spread}"
