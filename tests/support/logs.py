"""Log lines of a function, for a test to read."""

from larder.telemetry.log import Log


def collecting(lines, **named):
    """A log whose lines are appended to a list."""
    return Log({"Function": "test"}, lines.append, **named)


def silent():
    """A log that keeps nothing."""
    return Log(write=lambda _line: None)
