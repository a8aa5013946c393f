"""What a process needs in its environment to use the deployed platform with plain AWS clients."""

import shlex

from local import signing
from local.errors import LocalPlatformError
from local.layout import Platform

_OUTPUT_VARIABLES = {
    "LARDER_OFFLINE_BUCKET": "OfflineBucketName",
    "LARDER_DATABASE": "DatabaseName",
    "LARDER_WORKGROUP": "WorkGroupName",
    "LARDER_REGISTRY_TABLE": "RegistryTableName",
    "LARDER_RECORDS_TABLE": "RecordsTableName",
    "LARDER_OFFLINE_WRITER_FUNCTION": "OfflineWriterFunctionName",
}


def api_endpoint(platform: Platform, outputs: dict[str, str]) -> str:
    """Address of the deployed HTTP API.

    The output ``ApiEndpoint`` is a name that resolves in AWS only; the emulator serves the same
    API under a path.
    """
    if "ApiId" not in outputs:
        raise LocalPlatformError("Larder's stacks are not deployed: run `make up`")
    return f"{platform.endpoint}/_aws/execute-api/{outputs['ApiId']}/$default"


def variables(platform: Platform, outputs: dict[str, str]) -> dict[str, str]:
    """The environment by name: endpoints, credentials, trust, the signing overlay, and names of
    resources that the examples and the ``larder`` command want."""
    endpoint = api_endpoint(platform, outputs)
    return {
        **platform.client_environment(),
        "AWS_ENDPOINT_URL_SAGEMAKER": endpoint,
        "AWS_ENDPOINT_URL_SAGEMAKER_FEATURESTORE_RUNTIME": endpoint,
        "AWS_DATA_PATH": str(signing.write_overlay(platform.overlay)),
        **{
            variable: outputs[output]
            for variable, output in _OUTPUT_VARIABLES.items()
            if output in outputs
        },
    }


def exports(values: dict[str, str]) -> str:
    """The environment as lines for a POSIX shell."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"
