"""CloudFormation custom resources: no waiting for an answer that will not come.

- A function that fails before it answers fails its resource at once, with its own error. On AWS
  the deployment waits for the resource's timeout (an hour by default) and then fails.
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

    def telling(function: dict[str, Any], event: object, request_id: str) -> dict[str, Any]:
        result: dict[str, Any] = execute(function, event, request_id)
        if result.get("error") and isinstance(event, dict) and "ResponseURL" in event:
            _fail(event["ResponseURL"].rsplit("/", 1)[-1], result["body"])
        return result

    lambda_svc._execute_function_warm = telling


def _fail(token: str, error: dict[str, Any]) -> None:
    if (custom_resource._pending.get(token) or {}).get("result") is None:
        reason = f"{error.get('errorType')}: {error.get('errorMessage')}"
        custom_resource.deliver_response(token, {"Status": "FAILED", "Reason": reason})
