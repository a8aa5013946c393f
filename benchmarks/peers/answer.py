"""One question, one answer: how a peer is asked to measure another round.

Standard library alone: it runs on every peer's interpreter.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any


def answer(prepare: Callable[[], Callable[..., Any]]) -> None:
    """Prepare, then measure once for each line of standard input, until it ends.

    A line is a JSON object of arguments, an answer the JSON of what was returned. The first
    answer, ``null``, says that all is prepared. Whatever else the peer prints goes to standard
    error, so that a library's message is never taken for an answer.
    """
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        measure = prepare()
        print("null", file=answers, flush=True)
        for line in sys.stdin:
            print(json.dumps(measure(**json.loads(line))), file=answers, flush=True)


def taken(call: Callable[[], object], count: int = 1) -> dict[str, float]:
    """Milliseconds of one call, the mean of ``count``: ``wall``, and ``cpu`` of this process."""
    wall, cpu = time.perf_counter_ns(), time.process_time_ns()
    for _ in range(count):
        call()
    wall, cpu = time.perf_counter_ns() - wall, time.process_time_ns() - cpu
    return {"wall": wall / count / 1e6, "cpu": cpu / count / 1e6}
