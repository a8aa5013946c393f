"""The one way to write a log line: a JSON object on standard output, which Lambda keeps.

Metrics are log lines too, in CloudWatch's Embedded Metric Format, which costs no call. No line
holds a value or an identifier of a record. What may quote one is left out: the text of an error
about values, and the messages in a trace.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from traceback import extract_tb, format_tb
from typing import Literal

import orjson

from larder.telemetry.metrics import FUNCTION, NAMESPACE, STAGE

Level = Literal["INFO", "WARNING", "ERROR"]
Metrics = Mapping[str, tuple[float, str]]
"""Values and CloudWatch units by name: ``{Metric.OFFLINE_ROWS: (3.0, "Count")}``."""


def to_stdout(line: str) -> None:
    """Write one line in one piece, so that the lines of threads do not mix."""
    sys.stdout.write(f"{line}\n")


def to_stderr(line: str) -> None:
    """The same beside what a program prints as its result."""
    sys.stderr.write(f"{line}\n")


@dataclass(frozen=True, slots=True)
class Log:
    """Writes the lines of one function.

    Attributes:
        dimensions: tell its metrics from those of others, such as ``{"Stage": "dev"}``.
        write: takes each line.
        clock: seconds since the epoch.
    """

    dimensions: Mapping[str, str] = field(default_factory=dict)
    write: Callable[[str], object] = to_stdout
    clock: Callable[[], float] = time.time

    @classmethod
    def of(cls, stage: str, function: str) -> Log:
        """The log of a deployed function, whose metrics are its stage's own."""
        return cls({STAGE: stage, FUNCTION: function})

    def line(self, level: Level, **fields: object) -> None:
        """Write one line; fields that are ``None`` are left out."""
        told = {name: value for name, value in fields.items() if value is not None}
        self.write(_json({"level": level, **told}))

    def metrics(self, metrics: Metrics) -> None:
        """Write metrics, which CloudWatch reads from the line; nothing for an empty mapping."""
        if metrics:
            now_millis = int(self.clock() * 1000)
            self.write(_metric_line(metrics, self.dimensions, now_millis))


def trace_of(error: BaseException) -> str:
    """Where an error was raised, with its type and those of its causes, without any message."""
    parts = []
    cause: BaseException | None = error
    while cause is not None:
        parts.append("".join(format_tb(cause.__traceback__)) + type(cause).__qualname__)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "\ncaused by\n".join(parts)


def place_of(error: BaseException) -> str:
    """An error's class and the line that raised it, without its text: that may quote a value."""
    frame = extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {frame.name}:{frame.lineno}"


def _json(line: Mapping[str, object]) -> str:
    try:
        return orjson.dumps(line, default=str).decode()
    except TypeError:  # a surrogate, or an integer of more than 64 bits
        return json.dumps(line, default=str)


def _metric_line(metrics: Metrics, dimensions: Mapping[str, str], now_millis: int) -> str:
    document: dict[str, object] = {
        "_aws": {
            "Timestamp": now_millis,
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": [list(dimensions)],
                    "Metrics": [
                        {"Name": str(name), "Unit": unit} for name, (_, unit) in metrics.items()
                    ],
                }
            ],
        }
    }
    document |= dimensions
    document |= {str(name): value for name, (value, _) in metrics.items()}
    return orjson.dumps(document).decode()
