"""A stage's own choices, from the file that ``python -m stacks STAGE`` of a platform prints."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from larder.cost.terms import DeclaredPipeline, Pipelines, StageChoices, Standing, Steps
from larder.errors import ConfigurationError


def read_choices(path: Path) -> StageChoices:
    """The choices in a file; ``-`` is the standard input.

    Raises:
        ConfigurationError: it can't be read, or holds something else.
    """
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        told = orjson.loads(text)
        start = str(told["runtime_start"])
        standing = Standing(
            resources={str(kind): int(count) for kind, count in told["resources"].items()},
            provisioned=int(start.partition(":")[2] or 0),
            snapshots=start == "snap_start",
        )
        pipelines = _pipelines(told["pipelines"]) if "pipelines" in told else None
        return StageChoices(int(told["runtime_memory_mb"]), standing, pipelines)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"--choices: {path} does not hold a stage's choices ({error!r}): write it by `python "
            f"-m stacks STAGE` in the platform's repository, or give --memory-mb instead."
        ) from error


def _pipelines(told: Mapping[str, Any]) -> Pipelines:
    return Pipelines(
        memory_mb=int(told["memory_mb"]),
        look=Steps(**told["look"]),
        run=Steps(**told["run"]),
        spark_run=Steps(**told["spark_run"]),
        ages=float(told["ages"]),
        declared=tuple(DeclaredPipeline(**each) for each in told["declared"]),
    )
