"""Interpreters for the SageMaker SDKs, whose versions exclude each other, and for MLflow.

Each is made once and kept. A version is 2, 3 or ``mlflow``.
"""

import json
import os
import subprocess
from pathlib import Path

from tests.support import environments
from tests.support.environments import ROOT

_ENVIRONMENTS = ROOT / "build" / "conformance"
_STORY_SECONDS = 800
# Both SDKs report every call to a bucket of AWS's unless their configuration forbids it.
_NO_TELEMETRY = """\
SchemaVersion: '1.0'
SageMaker:
  PythonSDK:
    Modules:
      TelemetryOptOut: true
"""


def interpreter(version):
    """The Python of an SDK version, with all that its requirements pin; made if need be."""
    name = version if version == "mlflow" else f"sdk{version}"
    requirements = Path(__file__).with_name(f"requirements-{name}.txt")
    return environments.interpreter(_ENVIRONMENTS / name, requirements)


def tell(version, settings, directory, story="v"):
    """Run an SDK's story with the environment as it is; what each of its steps gave."""
    configuration, outcome = directory / "sdk.yaml", directory / "outcome.json"
    configuration.write_text(_NO_TELEMETRY)
    environment = {
        "SAGEMAKER_USER_CONFIG_OVERRIDE": str(configuration),  # unless the target has one
        **os.environ,
        "SAGEMAKER_ADMIN_CONFIG_OVERRIDE": str(configuration),
        "SAGEMAKER_SUPPRESS_V2_WARNING": "1",
        "TMPDIR": str(directory),
    }
    if "AWS_ENDPOINT_URL" in environment:  # PyIceberg, in SDK v3, asks only its own setting for S3
        environment["PYICEBERG_CATALOG__GLUE__S3__ENDPOINT"] = environment["AWS_ENDPOINT_URL"]
    log = directory / "sdk.log"
    with log.open("w") as output:
        done = subprocess.run(
            [
                interpreter(version),
                "-m",
                f"tests.conformance.sdk.{story}{version}",
                json.dumps(settings),
                outcome,
            ],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=_STORY_SECONDS,
            check=False,
        )
    assert done.returncode == 0, log.read_text()[-3000:]
    return json.loads(outcome.read_text())


if __name__ == "__main__":
    for each in (2, 3, "mlflow"):
        print(f"{each}: {interpreter(each)}")
