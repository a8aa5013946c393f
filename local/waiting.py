"""Waiting for something for as long as it makes progress, on a busy machine too."""

import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PATIENCE_SECONDS = 30.0
"""How long nothing may move before a wait is given up."""
LONGEST_SECONDS = 900.0
"""How long a wait takes at most, progress or not: what spins for ever moves too."""
_PAUSE_SECONDS = 0.05


class Stalled(Exception):
    """Nothing has moved for too long. The message says for how long."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as a wait knows it."""

    now: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep


def wait(
    done: Callable[[], bool],
    signs: Callable[[], object],
    *,
    patience: float = PATIENCE_SECONDS,
    longest: float = LONGEST_SECONDS,
    clock: Clock | None = None,
) -> None:
    """Return once ``done()`` is true.

    ``signs()`` is whatever changes while there is progress.

    Raises:
        Stalled: the signs stayed the same for ``patience`` seconds, or ``longest`` are over.
    """
    clock = clock or Clock()
    began = moved = clock.now()
    last = signs()
    while not done():
        now, seen = clock.now(), signs()
        if seen != last:
            last, moved = seen, now
        if now - moved > patience:
            raise Stalled(f"nothing moved for {now - moved:.0f} s")
        if now - began > longest:
            raise Stalled(f"it went on for {now - began:.0f} s")
        clock.pause(_PAUSE_SECONDS)


def signs_of_life(pid: int, log: Path) -> tuple[object, int]:
    """What changes while a process works: its processor time, and the size of its log."""
    return processor_time(pid), log.stat().st_size if log.exists() else 0


def processor_time(pid: int) -> str:
    """The processor time that a process has used, as the system counts it; empty if it is gone."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        ticks = sum(map(int, fields[11:15]))  # its own and its ended children's
        return f"{ticks / os.sysconf('SC_CLK_TCK'):.2f} s"
    shown = subprocess.run(
        ["ps", "-p", str(pid), "-o", "time="], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip()
