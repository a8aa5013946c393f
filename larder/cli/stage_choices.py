"""What a stage chooses and has, asked of the CDK app in a process of its own.

``larder`` imports nothing of ``stacks``; ``python -m stacks STAGE`` says it as JSON.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson

from larder.cost.terms import StageChoices, Standing
from larder.errors import ConfigurationError

_REPOSITORY = Path(__file__).resolve().parents[2]


def stage_choices(stage: str) -> StageChoices:
    """The stage of that name in this repository; takes as long as a synth.

    Raises:
        ConfigurationError: there is none, or the CDK app can't run here.
    """
    done = subprocess.run(  # noqa: S603 - this interpreter, this repository
        [sys.executable, "-m", "stacks", stage],
        cwd=_REPOSITORY,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise ConfigurationError(
            f"stage: the CDK app does not tell of {stage!r} ({said[-1] if said else 'no reason'}): "
            f"run in the repository with its requirements installed, or give --memory-mb."
        )
    told: dict[str, Any] = orjson.loads(done.stdout)
    start = told["runtime_start"]
    kept = int(start.partition(":")[2] or 0)
    standing = Standing(
        resources=told["resources"], provisioned=kept, snapshots=start == "snap_start"
    )
    return StageChoices(told["runtime_memory_mb"], standing)
