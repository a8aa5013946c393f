"""IAM on Glue's catalog: every resource that AWS checks, under its right name.

ministack takes a database for a table, and looks at no more than one resource. AWS authorizes a
call on a table against the table, its database and the catalog. Source: the Service
Authorization Reference of AWS Glue, and "Specifying Glue resource ARNs" in its developer guide.
"""

import json
from typing import Any

from ministack.core import iam_actions, iam_evaluator

_DATABASE_OPERATIONS = {"GetDatabase", "CreateDatabase", "UpdateDatabase", "DeleteDatabase"}


def install() -> None:
    """Replace how a Glue call names its resource, and check what contains it too."""
    extract, enforce = iam_actions.extract_resource_arn, iam_evaluator.enforce

    def extract_resource_arn(service: str, *request: Any) -> str:
        arn: str = extract(service, *request)
        if service != "glue":
            return arn
        _method, _path, headers, body, _query, region, account = request
        operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
        resource = finest_resource(operation, json.loads(body or b"{}"))
        return f"arn:aws:glue:{region}:{account}:{resource}" if resource else arn

    def enforce_upwards(key: str, action: str, service: str, region: str, **how: Any) -> object:
        arn = how.pop("resource_arn", "*")
        for each in [arn, *above(arn)] if service == "glue" else [arn]:
            denied: object = enforce(key, action, service, region, resource_arn=each, **how)
            if denied:
                return denied
        return None

    iam_actions.extract_resource_arn = extract_resource_arn
    iam_evaluator.enforce = enforce_upwards


def finest_resource(operation: str, request: dict[str, Any]) -> str | None:
    """The resource part of the ARN that a Glue call is about; None if it is not the catalog's."""
    if operation in _DATABASE_OPERATIONS:
        name = request.get("Name") or (request.get("DatabaseInput") or {}).get("Name")
        return f"database/{name}"
    database = request.get("DatabaseName")
    if not database:
        return None
    named = (request.get("TableInput") or {}).get("Name")
    table = named or request.get("TableName") or request.get("Name") or "*"
    return f"table/{database}/{table}"


def above(arn: str) -> list[str]:
    """The ARNs of what contains a table or a database: its database, the catalog."""
    prefix, _, resource = arn.rpartition(":")
    kind, *names = resource.split("/")
    if kind == "table":
        return [f"{prefix}:database/{names[0]}", f"{prefix}:catalog"]
    return [f"{prefix}:catalog"] if kind == "database" else []
