"""What the in-memory tier does, counted for its metrics."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class MemoryCounts:
    """Reads count by record.

    ``kept_back`` are records not asked for because the breaker was open, ``late`` writes that came
    after their deadline.
    """

    hits: int = 0
    misses: int = 0
    kept_back: int = 0
    unanswered: int = 0
    late: int = 0

    def metrics(self, breakers_opened: int) -> dict[str, int]:
        """The counts by the metrics' names; those that are 0 are left out."""
        named = {
            "MemoryHits": self.hits,
            "MemoryMisses": self.misses,
            "MemoryKeptBack": self.kept_back,
            "MemoryUnanswered": self.unanswered,
            "MemoryLateWrites": self.late,
            "MemoryBreakerOpened": breakers_opened,
        }
        return {name: count for name, count in named.items() if count}
