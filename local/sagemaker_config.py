"""The SageMaker SDKs' configuration file: what they ask of AWS at addresses that no variable moves.

``Session.default_bucket`` asks STS at AWS's own address for the account's number, in SDK v2 and v3
alike; with ``DefaultS3Bucket`` it asks nothing. Both SDKs report each call to a bucket of AWS's
unless ``TelemetryOptOut`` is set.
"""

from pathlib import Path

from local import whole_file
from local.layout import ACCOUNT, REGION

DEFAULT_BUCKET = f"sagemaker-{REGION}-{ACCOUNT}"
"""The bucket of an account that used SageMaker: what ``Session().default_bucket()`` gives there."""
_TEXT = f"""\
SchemaVersion: '1.0'
SageMaker:
  PythonSDK:
    Modules:
      Session:
        DefaultS3Bucket: {DEFAULT_BUCKET}
      TelemetryOptOut: true
"""


def write(path: Path) -> Path:
    """Write the file; what ``SAGEMAKER_USER_CONFIG_OVERRIDE`` should name."""
    whole_file.replace(path, _TEXT)
    return path
