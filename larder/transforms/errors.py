"""Why an object of a transform job has no output, and why a job stops in the middle."""

from __future__ import annotations

from larder.errors import LarderError


class BadInput(LarderError):
    """An input can't be scored, also by another try; the message becomes the job's reason."""


class Stopping(LarderError):
    """Somebody stopped the job: what was begun is left, and nothing new is begun."""
