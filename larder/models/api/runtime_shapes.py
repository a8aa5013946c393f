"""Members of InvokeEndpoint, as botocore's model of ``sagemaker-runtime`` (2017-05-13) has them.

All but the body are headers. ``tests/unit/models`` holds each one against the model.
"""

from __future__ import annotations

from collections.abc import Mapping

from larder.wire.shapes import Struct, Text

MAX_BODY = 6_291_456
_NAME = "^[a-zA-Z0-9](-*[a-zA-Z0-9])*"
ASCII = "[\\x00-\\x7f]*"
PRINTABLE = "\\S[\\x20-\\x7e]*"

_name = Text(max=63, pattern=_NAME)
_ascii = Text(max=1024, pattern=ASCII)

INVOKE_ENDPOINT = Struct(
    {
        "EndpointName": _name,
        "ContentType": _ascii,
        "Accept": _ascii,
        "CustomAttributes": _ascii,
        "TargetModel": Text(min=1, max=1024, pattern=PRINTABLE),
        "TargetVariant": _name,
        "TargetContainerHostname": _name,
        "InferenceId": Text(min=1, max=64, pattern=PRINTABLE),
        "EnableExplanations": Text(min=1, max=64, pattern=".*"),
        "InferenceComponentName": Text(
            max=63, pattern="^[a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?$"
        ),
        "SessionId": Text(max=256, pattern="^(NEW_SESSION)$|^[a-zA-Z0-9](-*[a-zA-Z0-9])*$"),
        "PrefixAwareId": Text(min=1, max=64, pattern=PRINTABLE),
    },
    required=("EndpointName",),
)

HEADERS: Mapping[str, str] = {
    "ContentType": "content-type",
    "Accept": "accept",
    "CustomAttributes": "x-amzn-sagemaker-custom-attributes",
    "TargetModel": "x-amzn-sagemaker-target-model",
    "TargetVariant": "x-amzn-sagemaker-target-variant",
    "TargetContainerHostname": "x-amzn-sagemaker-target-container-hostname",
    "InferenceId": "x-amzn-sagemaker-inference-id",
    "EnableExplanations": "x-amzn-sagemaker-enable-explanations",
    "InferenceComponentName": "x-amzn-sagemaker-inference-component",
    "SessionId": "x-amzn-sagemaker-session-id",
    "PrefixAwareId": "x-amzn-sagemaker-prefix-aware-id",
}
"""The header of each member, in lower case."""

REFUSED: Mapping[str, str] = {
    "TargetModel": "an endpoint of Larder serves one model a variant: name a TargetVariant, or "
    "call another endpoint",
    "TargetContainerHostname": "a model has one container: leave it out",
    "InferenceComponentName": "there are no inference components: name a TargetVariant",
    "EnableExplanations": "there is no Clarify behind an endpoint: leave it out",
}
"""Members that would be without effect, and what to do instead."""
