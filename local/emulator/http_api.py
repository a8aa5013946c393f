"""HTTP API: a function that fails is a 500 that says nothing about it, as on AWS.

ministack answers 502 with the function's own error message in the body.
"""

import json
from typing import Any

from ministack.services import lambda_svc

_FAILED = {
    "statusCode": 500,
    "headers": {"Content-Type": "application/json"},
    "body": json.dumps({"message": "Internal Server Error"}),
}


def install() -> None:
    """Replace the shaping of a failed invocation; other results are left to ministack."""
    shape = lambda_svc.lambda_execute_result_to_api_proxy_response

    def opaque(result: dict[str, Any]) -> Any:
        if result.get("error") and not result.get("throttle"):
            return dict(_FAILED), None
        return shape(result)

    lambda_svc.lambda_execute_result_to_api_proxy_response = opaque
