"""``python -m stacks STAGE``: what a stage chooses and has, as JSON, for ``larder cost --choices``.

Nothing is built and no account is asked: the templates are synthesized without their layers.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from larder.declared.files import load_pipelines
from larder.errors import ConfigurationError
from stacks.assembly import assemble
from stacks.config import STAGES
from stacks.pipeline_use import use_of
from stacks.runtime_start import as_text

_NOTHING_BUILT: dict[str, object] = {"aws:cdk:bundling-stacks": []}


def main() -> int:
    """Print the stage's JSON; 1 where there is no such stage."""
    parser = argparse.ArgumentParser(prog="python -m stacks", description=__doc__)
    parser.add_argument("stage")
    stage = parser.parse_args().stage
    try:
        resources = _resources(stage)
    except ConfigurationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    config = STAGES[stage]
    told = {
        "stage": stage,
        "runtime_memory_mb": config.serving.runtime_memory_mb,
        "runtime_start": as_text(config.serving.runtime_start),
        "resources": resources,
        "pipelines": use_of(load_pipelines(config.definitions), config.offline.memory_mb),
    }
    print(json.dumps(told, indent=1))
    return 0


def _resources(stage: str) -> dict[str, int]:
    """How many resources of each type the stage's templates have."""
    with TemporaryDirectory() as folder:
        assemble({"stage": stage, **_NOTHING_BUILT}, folder).synth()
        templates = Path(folder).glob("assembly-*/*.template.json")
        return Counter(
            resource["Type"]
            for template in templates
            for resource in json.loads(template.read_text())["Resources"].values()
        )


if __name__ == "__main__":
    sys.exit(main())
