"""Waits end when nothing moves, not when a fixed time is over."""

import sys
from itertools import count
from pathlib import Path

import pytest

from local import processes
from local.errors import LocalPlatformError
from local.layout import Platform
from local.ports import free_port
from local.processes import Service
from local.waiting import Clock, Stalled, wait


class Ticks:
    """A clock that only pauses move."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def pause(self, seconds: float) -> None:
        self.seconds += seconds

    @property
    def clock(self) -> Clock:
        return Clock(now=lambda: self.seconds, pause=self.pause)


def test_r11_a_wait_lasts_as_long_as_there_is_progress() -> None:
    ticks, steps = Ticks(), count()
    wait(lambda: ticks.seconds > 300, lambda: next(steps), patience=1, clock=ticks.clock)
    assert ticks.seconds > 300


def test_a_wait_without_progress_is_given_up() -> None:
    ticks = Ticks()
    with pytest.raises(Stalled, match="nothing moved for 1 s"):
        wait(lambda: False, lambda: ticks.seconds > 10, patience=1, clock=ticks.clock)
    with pytest.raises(Stalled, match="nothing moved"):
        wait(lambda: False, lambda: "same", patience=1, clock=ticks.clock)


def test_what_spins_for_ever_is_given_up_too() -> None:
    ticks, steps = Ticks(), count()
    with pytest.raises(Stalled, match="it went on for"):
        wait(lambda: False, lambda: next(steps), patience=1, longest=60, clock=ticks.clock)


def start(tmp_path: Path, program: str) -> Platform:
    """Start a Python program as a service that is healthy once it says "ready"."""
    platform = Platform(
        root=tmp_path, environment_file=tmp_path / "env", ports={"athena": free_port()}
    )
    service = Service(
        name="athena",
        command=[sys.executable, "-c", program],
        environment={"PYTHONFAULTHANDLER": "1", "PYTHONUNBUFFERED": "1"},
        healthy=lambda: "ready" in processes.tail(platform.log("athena"), 5),
        shows_threads=True,
        patience_seconds=0.5,
    )
    processes.start(platform, service)
    return platform


def test_r11_a_service_that_hangs_is_told_with_its_last_words_and_where_it_was(
    tmp_path: Path,
) -> None:
    program = "import signal; print('opening the table'); signal.pause()"
    with pytest.raises(LocalPlatformError) as failed:
        start(tmp_path, program)
    message = str(failed.value)
    assert "the athena does not answer: nothing moved for" in message
    assert "of processor time" in message
    assert "opening the table" in message
    assert "most recent call first" in message  # the threads of the aborted process


def test_a_service_that_exits_is_told_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(LocalPlatformError) as failed:
        start(tmp_path, "raise SystemExit('no such table')")
    assert "exited with status 1" in str(failed.value)
    assert "no such table" in str(failed.value)


def test_a_service_that_says_nothing_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(LocalPlatformError, match=r"\(it wrote nothing\)"):
        start(tmp_path, "raise SystemExit(3)")


def test_a_service_that_will_not_end_is_killed(tmp_path: Path) -> None:
    ignores = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready')"
    platform = start(tmp_path, f"{ignores}\nwhile True: signal.pause()")
    assert processes.running_pid(platform, "athena") is not None
    assert not processes.stop(platform, "athena", seconds=0.5)
    assert processes.running_pid(platform, "athena") is None
