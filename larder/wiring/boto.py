"""How boto3's clients wait and try again, by what waits for them."""

from __future__ import annotations

from botocore.config import Config


def background(*, read_seconds: float = 10) -> Config:
    """For a function that a stream or a schedule calls, and calls again after a failure."""
    return _config(connect_seconds=2, read_seconds=read_seconds, attempts=4)


def single_call(*, read_seconds: float) -> Config:
    """For a call that may take that long, and that a second one would only compete with."""
    return _config(connect_seconds=2, read_seconds=read_seconds, attempts=1)


def _config(*, connect_seconds: float, read_seconds: float, attempts: int) -> Config:
    return Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        retries={"total_max_attempts": attempts},
    )
