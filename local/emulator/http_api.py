"""HTTP APIs: failures that say nothing of the function, and CORS that a template asks for.

- A function that fails is a 500 without a reason, as on AWS. ministack answers 502 with the
  function's own error message in the body.
- ``CorsConfiguration`` of a template has CloudFormation's letter case (``AllowOrigins``).
  ministack keeps it so, looks for the API's (``allowOrigins``), and refuses every preflight.
"""

import json
from typing import Any

from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from local.emulator.letter_case import as_in_the_api

_API = "AWS::ApiGatewayV2::Api"
_FAILED = {
    "statusCode": 500,
    "headers": {"Content-Type": "application/json"},
    "body": json.dumps({"message": "Internal Server Error"}),
}
Properties = dict[str, Any]


def install() -> None:
    """Replace the shaping of a failed invocation and how a template's API is made."""
    _hide_failures()
    _rewrite_cors()


def _hide_failures() -> None:
    shape = lambda_svc.lambda_execute_result_to_api_proxy_response

    def opaque(result: dict[str, Any]) -> Any:
        if result.get("error") and not result.get("throttle"):
            return dict(_FAILED), None
        return shape(result)

    lambda_svc.lambda_execute_result_to_api_proxy_response = opaque


def _rewrite_cors() -> None:
    handlers = provisioners._RESOURCE_HANDLERS
    create, update = handlers[_API]["create"], handlers[_API]["update"]

    def created(logical_id: str, properties: Properties, stack: str) -> tuple[str, Properties]:
        made: tuple[str, Properties] = create(logical_id, as_in_the_api(properties), stack)
        return made

    def updated(
        name: str, old: Properties, new: Properties, stack: str, **extra: str
    ) -> tuple[str, Properties]:
        changed: tuple[str, Properties] = update(name, old, as_in_the_api(new), stack, **extra)
        return changed

    handlers[_API] = {**handlers[_API], "create": created, "update": updated}
