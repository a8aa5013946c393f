"""Output whose reader may end early, as in a pipe to ``head``."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO


@contextmanager
def until_unread() -> Iterator[list[int]]:
    """Do work that prints, and end it quietly where no reader is left.

    The list that is given takes the work's exit status; it is empty where the work did not end.

    Raises:
        BrokenPipeError: it was another pipe or connection than this process's output.
    """
    status: list[int] = []
    try:
        yield status
        sys.stdout.flush()
    except SystemExit:  # argparse has printed its help
        with suppress(BrokenPipeError):
            sys.stdout.flush()
        _discard_unread()
        raise
    except BrokenPipeError:
        if not _discard_unread():
            raise


def _discard_unread() -> bool:
    """Send what is not written yet nowhere, if the output's reader is gone; whether it is."""
    gone = [stream for stream in (sys.stdout, sys.stderr) if _is_unread(stream)]
    for stream in gone:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return bool(gone)


def _is_unread(stream: TextIO) -> bool:
    """Whether a stream is a pipe that no process reads any more."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):  # a test's own stream
        return False
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))
