"""SQL on the Spark that ``make spark-tools`` installs for the local platform."""

import json
import os
import subprocess
from pathlib import Path

from local import tools
from local.layout import DIRECTORY, TOOLS

PROPERTIES = Path(__file__).parents[1] / "properties"


def run_cases(folder):
    """The rows of each case below a folder, as lists by the case's name.

    ``tests/properties/spark_runner.py`` says what a case is. One session runs them all.
    """
    installed = DIRECTORY / TOOLS
    assert tools.has_spark(installed), "Spark is not installed: make spark-tools"
    python = tools.spark_python(installed)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    done = subprocess.run(
        [python, PROPERTIES / "spark_runner.py", folder],
        capture_output=True,
        text=True,
        env=environment | {"PYSPARK_PYTHON": str(python)},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return {path.parent.name: json.loads(path.read_text()) for path in folder.glob("*/result.json")}
