"""What is on disk of the emulator's state; ``local.emulator.snapshots`` writes it."""

from datetime import UTC, datetime

from local.layout import Platform

LOST_SECONDS = 5
"""What a kill of the emulator costs at most, unless saving itself takes longer than half a second:
then ten times as long as that."""


def saved_at(platform: Platform) -> datetime | None:
    """When the newest complete snapshot was written; None before the first."""
    directory = platform.root / "state" / "snapshots"
    complete = [path for path in directory.glob("*") if path.name.isdigit()]
    newest = max(complete, key=lambda path: int(path.name), default=None)
    return None if newest is None else datetime.fromtimestamp(newest.stat().st_mtime, UTC)
