"""A story in steps: each is run, and what it gave or how it failed is written as JSON."""

import json
import sys
import time
import traceback
from pathlib import Path

import pandas

T0, T1 = "2024-01-01T00:00:00Z", "2024-01-01T00:00:01Z"


def tell(steps, context, path):
    """Run the steps in order, each whatever became of the one before it."""
    told = {}
    for step in steps:
        began = time.monotonic()
        try:
            outcome = {"gave": step(context)}
        except Exception:  # whatever an SDK raises is the step's outcome
            outcome = {"failed": traceback.format_exc(limit=-6)}
        told[step.__name__] = outcome | {"seconds": round(time.monotonic() - began, 2)}
    Path(path).write_text(json.dumps(told, default=str))


def settings():
    """What the caller says of the target, and where the outcome goes."""
    return json.loads(sys.argv[1]), sys.argv[2]


def until(observe, wanted, seconds):
    """Observe until it is as wanted or the time is over; the last that was seen."""
    deadline = time.monotonic() + seconds
    while (seen := observe()) != wanted and time.monotonic() < deadline:
        time.sleep(0.5)
    return seen


def frame(first, last):
    """Rows of which every third has no score."""
    numbers = range(first, last)
    data = pandas.DataFrame(
        {
            "id": [f"r{n}" for n in numbers],
            "at": [T0] * len(numbers),
            "clicks": list(numbers),
            "score": [None if n % 3 == 0 else n / 2 for n in numbers],
        }
    )
    return data.astype({"id": "string", "at": "string", "score": "float64"})
