"""Events as API Gateway's HTTP API sends them (payload 2.0), with only what the functions read."""

import base64
import json


def http_event(method, path, *, query="", body=None, headers=None, binary=False, caller="root"):
    """One request; ``body`` is an object, a text or bytes."""
    raw = body if isinstance(body, str | bytes | None) else json.dumps(body)
    if binary or isinstance(raw, bytes):
        raw = base64.b64encode(raw if isinstance(raw, bytes) else raw.encode()).decode()
        binary = True
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers or {},
        "requestContext": {
            "accountId": "123456789012",
            "authorizer": {"iam": {"userArn": f"arn:aws:iam::123456789012:{caller}"}},
            "http": {"method": method, "path": path},
            "requestId": "req-1",
            "timeEpoch": 1_700_000_000_000,
        },
        "isBase64Encoded": binary,
        **({} if raw is None else {"body": raw}),
    }
