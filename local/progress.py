"""One line for each step, with its seconds."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO


@dataclass(slots=True)
class Step:
    """A step under way; ``note`` replaces its text when it ends."""

    note: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Reports steps: on a terminal while they run, elsewhere when they end."""

    output: TextIO = field(default_factory=lambda: sys.stdout)
    clock: Callable[[], float] = time.monotonic

    @contextmanager
    def step(self, text: str) -> Iterator[Step]:
        """Report ``text`` while the block runs, and the step's note and seconds after it."""
        started = self.clock()
        self.transient(f"         {text} …")
        step = Step(text)
        yield step
        self.say(f"{self.clock() - started:6.1f} s {step.note}")

    def say(self, text: str) -> None:
        """Print one line that stays."""
        erase = "\r\033[2K" if self.output.isatty() else ""
        print(f"{erase}{text}", file=self.output, flush=True)

    def transient(self, text: str) -> None:
        """Show a line that the next one replaces; nothing where the output is no terminal."""
        if self.output.isatty():
            print(f"\r\033[2K{text[:110]}", end="", file=self.output, flush=True)
