"""CloudFormation custom resources: no waiting for an answer that will not come.

- A resource's function that fails before it answers fails its resource at once, with its own
  error. On AWS the deployment waits for the resource's timeout (an hour by default) and then fails.
  A function that the resource's function calls may fail: the CDK's provider framework raises to
  be asked again, and answers for the function that it asks.
- ``Custom::S3AutoDeleteObjects``, the CDK's own, runs on Node with an AWS SDK that the emulator
  does not have. There is nothing for it to do here: a bucket's objects go with the bucket.
"""

from typing import Any

from ministack.services import lambda_svc
from ministack.services.cloudformation import custom_resource, provisioners


def install() -> None:
    """Register the CDK's resource and listen to failures of functions behind resources."""
    provisioners._RESOURCE_HANDLERS["Custom::S3AutoDeleteObjects"] = {
        "create": lambda logical_id, _properties, _stack: (logical_id, {}),
        "update": lambda physical_id, _old, _new, _stack: (physical_id, {}),
        "delete": lambda _physical_id, _properties: None,
    }
    execute = lambda_svc._execute_function_warm

    def telling(function: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        result: dict[str, Any] = execute(function, event, request_id)
        if result.get("error") and _is_called_for_a_resource(function, event):
            _fail(event["ResponseURL"].rsplit("/", 1)[-1], result["body"])
        return result

    lambda_svc._execute_function_warm = telling


def _is_called_for_a_resource(function: dict[str, Any], event: Any) -> bool:
    """Whether CloudFormation calls the function itself: it is the resource's service token."""
    if not isinstance(event, dict) or "ResponseURL" not in event:
        return False
    config = function.get("config") or function
    token = (event.get("ResourceProperties") or {}).get("ServiceToken")
    return bool(token == config["FunctionArn"])


def _fail(token: str, error: dict[str, Any]) -> None:
    if (custom_resource._pending.get(token) or {}).get("result") is None:
        reason = f"{error.get('errorType')}: {error.get('errorMessage')}"
        custom_resource.deliver_response(token, {"Status": "FAILED", "Reason": reason})
