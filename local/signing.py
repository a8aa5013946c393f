"""Make unmodified AWS clients sign for API Gateway.

An HTTP API with an IAM authorizer wants signatures for the service ``execute-api``; a client of
SageMaker signs for ``sagemaker``. botocore merges a file named ``service-2.sdk-extras.json`` from
``AWS_DATA_PATH`` into a service's model: one line there changes the signing name, with no code.
"""

import json
from pathlib import Path

_SERVICES = {
    "sagemaker": "2017-07-24",
    "sagemaker-featurestore-runtime": "2020-07-01",
}
_EXTRAS = {"version": 1.0, "merge": {"metadata": {"signingName": "execute-api"}}}


def write_overlay(directory: Path) -> Path:
    """Write the model overlay; returns the directory to put in ``AWS_DATA_PATH``."""
    for service, version in _SERVICES.items():
        folder = directory / service / version
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "service-2.sdk-extras.json").write_text(json.dumps(_EXTRAS))
    return directory
