"""What a process needs in its environment to use the deployed platform with plain AWS clients."""

import json
import shlex

from local import sagemaker_config, signing
from local.clients import client
from local.errors import LocalPlatformError
from local.layout import Platform

_OUTPUT_VARIABLES = {
    "LARDER_OFFLINE_BUCKET": "OfflineBucketName",
    "LARDER_DATABASE": "DatabaseName",
    "LARDER_WORKGROUP": "WorkGroupName",
    "LARDER_REGISTRY_TABLE": "RegistryTableName",
    "LARDER_RECORDS_TABLE": "RecordsTableName",
    "LARDER_OFFLINE_WRITER_FUNCTION": "OfflineWriterFunctionName",
    "LARDER_EXPOSURE_WRITER_FUNCTION": "ExposureWriterFunctionName",
}


def api_endpoint(platform: Platform, outputs: dict[str, str]) -> str:
    """Address of the deployed HTTP API.

    The output ``ApiEndpoint`` is a name that resolves in AWS only; the emulator serves the same
    API under a path.
    """
    if "ApiId" not in outputs:
        raise LocalPlatformError("Larder's stacks are not deployed: run `make up`")
    return f"{platform.endpoint}/_aws/execute-api/{outputs['ApiId']}/$default"


def function_url(platform: Platform, outputs: dict[str, str]) -> str:
    """Address of the data plane's Function URL, which the emulator serves under a path too."""
    if not _has_url(outputs):
        raise LocalPlatformError("the deployed stacks have no Function URL: run `make up`")
    url_id = outputs["FunctionUrl"].partition("://")[2].partition(".")[0]
    return f"{platform.endpoint}/_aws/lambda-url/{url_id}"


def _has_url(outputs: dict[str, str]) -> bool:
    return "FunctionUrl" in outputs


def variables(platform: Platform, outputs: dict[str, str]) -> dict[str, str]:
    """The environment by name: endpoints, credentials, trust, the signing overlay.

    Also the SageMaker SDKs' configuration, and names of resources that the examples and the
    ``larder`` command want. Also the settings by which ``larder.connect`` finds the platform.
    """
    endpoint = api_endpoint(platform, outputs)
    return {
        **platform.client_environment(),
        "AWS_ENDPOINT_URL_SAGEMAKER": endpoint,
        "AWS_ENDPOINT_URL_SAGEMAKER_FEATURESTORE_RUNTIME": endpoint,
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": endpoint,
        "AWS_DATA_PATH": str(signing.write_overlay(platform.overlay)),
        "SAGEMAKER_USER_CONFIG_OVERRIDE": str(
            sagemaker_config.write(platform.root / "sagemaker.yaml")
        ),
        **_client_settings(platform, outputs),
        "LARDER_API_ENDPOINT": endpoint,  # the published one is a name that resolves in AWS only
        **({"LARDER_FUNCTION_URL": function_url(platform, outputs)} if _has_url(outputs) else {}),
        **{
            variable: outputs[output]
            for variable, output in _OUTPUT_VARIABLES.items()
            if output in outputs
        },
    }


def _client_settings(platform: Platform, outputs: dict[str, str]) -> dict[str, str]:
    """What the stacks publish for programs that use the stores directly."""
    if "ClientParameterName" not in outputs:
        return {}
    found = client(platform, "ssm").get_parameter(Name=outputs["ClientParameterName"])
    settings: dict[str, str] = json.loads(found["Parameter"]["Value"])
    return settings


def through_function_url(platform: Platform, outputs: dict[str, str]) -> dict[str, str]:
    """``variables`` for a process whose data plane is called at its Function URL."""
    url = function_url(platform, outputs)
    overlay = signing.write_overlay(platform.root / "function-url-models", url)
    return {
        **variables(platform, outputs),
        "AWS_ENDPOINT_URL_SAGEMAKER_FEATURESTORE_RUNTIME": url,
        "AWS_DATA_PATH": str(overlay),
    }


def exports(values: dict[str, str]) -> str:
    """The environment as lines for a POSIX shell."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"
