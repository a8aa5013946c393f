"""``larder access policy GROUP --right read|write``."""

from __future__ import annotations

import argparse
import json

from larder.access.grants import Right, pattern_problem
from larder.access.policy import identity_policy, resource_policies
from larder.cli.parsers import add_stage
from larder.errors import ConfigurationError
from larder.extras import needs
from larder.wiring.location import find_platform


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the command's description and options."""
    parser.description = "What IAM must allow so that a principal may use one feature group alone."
    commands = parser.add_subparsers(required=True, metavar="policy", dest="what")
    policy = commands.add_parser("policy", help="print the IAM policy that fences a group")
    policy.description = (
        "Prints the IAM policy, as JSON, that lets its holder read or write one feature group and "
        "no other: the API's paths and, for a reader, the history in S3, Glue and Athena, and the "
        "key. Attach it: aws iam put-role-policy --role-name NAME --policy-name NAME "
        '--policy-document "$(larder access policy GROUP --right read)". Grants apply beside it.'
    )
    policy.add_argument("group", metavar="GROUP", help="its name or ARN")
    policy.add_argument("--right", required=True, choices=(Right.READ.value, Right.WRITE.value))
    policy.add_argument(
        "--principal",
        metavar="ARN",
        help="print instead what the bucket's, the key's and the Glue catalog's own policies need "
        "so that this principal of another account may read the history",
    )
    policy.add_argument(
        "--unfenced",
        action="store_true",
        help="also allow batches and the control plane, in which IAM sees no group: only where "
        "every group has grants, or missing grants deny",
    )
    add_stage(policy)
    policy.set_defaults(run=_policy)


def _policy(options: argparse.Namespace) -> int:
    right = Right(options.right)
    if options.principal is not None:
        _check_principal(options.principal, right, unfenced=options.unfenced)
    with needs("aws", "larder access"):
        from larder.wiring.access import open_fence  # noqa: PLC0415 - optional

    group = open_fence(find_platform(options.stage), options.group)
    if options.principal is None:
        document = identity_policy(group, right, unfenced=options.unfenced)
    else:
        document = resource_policies(group, options.principal)
    print(json.dumps(document, indent=2))
    return 0


def _check_principal(principal: str, right: Right, *, unfenced: bool) -> None:
    if problem := _problem_of(principal):
        raise ConfigurationError(f"--principal: {principal!r}: {problem}")
    if right is Right.WRITE or unfenced:
        raise ConfigurationError(
            "--principal: the API takes no resource policy, so of a group only the history can be "
            "opened to a principal by one: ask for --right read, without --unfenced."
        )


def _problem_of(principal: str) -> str | None:
    if "*" in principal:
        return "Member must name one principal: a resource policy takes no pattern"
    return pattern_problem(principal)
