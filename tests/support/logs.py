"""Log lines of a function, for a test to read."""

import json

from larder.telemetry.log import Log


def collecting(lines, **named):
    """A log whose lines are appended to a list."""
    return Log({"Function": "test"}, lines.append, **named)


def silent():
    """A log that keeps nothing."""
    return Log(write=lambda _line: None)


def metrics_in(text):
    """Values by metric of all lines of a log, the last one of each; dimensions are left out."""
    found = {}
    for line in map(json.loads, text.splitlines()):
        for each in line.get("_aws", {}).get("CloudWatchMetrics", ()):
            found |= {one["Name"]: line[one["Name"]] for one in each["Metrics"]}
    return found
