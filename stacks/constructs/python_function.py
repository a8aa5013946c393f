"""A Lambda function of this repository: ``lambdas/<name>`` and the library, nothing else."""

from dataclasses import dataclass, replace
from typing import Final

from aws_cdk import Duration, RemovalPolicy, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from larder.settings.base import Settings
from stacks.config import StageConfig
from stacks.constructs.dependency_layer import architecture_of
from stacks.constructs.function_code import function_code
from stacks.constructs.permissions import acknowledge
from stacks.constructs.vpc_access import VpcAccess, allow_network_interfaces

_WHY_3_13: Final = (
    "Python 3.13 is supported to 2029-10 and the newest that every wheel of the layers is built "
    "and tested for here"
)
_ON_VERSIONS: Final = lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS


@dataclass(frozen=True, kw_only=True)
class Program:
    """What runs: the folder under ``lambdas/``, its settings, and the machine it gets.

    ``snapshots`` has Lambda start environments of published versions from a snapshot (SnapStart).
    ``concurrency`` is what is reserved of the account's concurrent executions: the function gets
    as many at any time, and no more. ``storage_mb`` is its temporary folder's size, by default
    Lambda's 512 MB.
    """

    name: str
    settings: Settings
    memory_mb: int
    timeout: Duration
    snapshots: bool = False
    concurrency: int | None = None
    storage_mb: int | None = None


class PythonFunction(lambda_.Function):
    """A function with its own log group and a role that may write to it, and no more.

    Only with ``vpc_access`` does it enter a network. ``program_name`` is the folder under
    ``lambdas/``, by which its metrics are known.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        program: Program,
        layer: lambda_.ILayerVersion,
        vpc_access: VpcAccess | None = None,
    ) -> None:
        log_group = log_group_of(scope, f"{construct_id}Logs", config)
        role = role_of_function(scope, f"{construct_id}Role", log_group)
        if vpc_access is not None:
            allow_network_interfaces(role)
        super().__init__(
            scope,
            construct_id,
            code=function_code(program.name, config.target),
            handler=f"lambdas.{program.name}.handler.handler",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=architecture_of(config.target),
            environment=replace(program.settings, stage=config.name).to_env(),
            layers=[layer],
            role=role,
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            memory_size=program.memory_mb,
            ephemeral_storage_size=Size.mebibytes(program.storage_mb)
            if program.storage_mb
            else None,
            timeout=program.timeout,
            reserved_concurrent_executions=program.concurrency,
            snap_start=_ON_VERSIONS if program.snapshots else None,
            vpc=vpc_access.vpc if vpc_access else None,
            vpc_subnets=vpc_access.subnets if vpc_access else None,
            security_groups=[vpc_access.security_group] if vpc_access else None,
        )
        self.program_name = program.name
        _accept_findings(self, program)


def _accept_findings(function: PythonFunction, program: Program) -> None:
    acknowledge(function, "AwsSolutions-L1", _WHY_3_13)
    if program.snapshots:
        acknowledge(
            function,
            "Annotation::@aws-cdk/aws-lambda:snapStartRequirePublish",
            "API and Function URL call an alias of a published version",
        )


def log_group_of(scope: Construct, construct_id: str, config: StageConfig) -> logs.LogGroup:
    """A function's log group, which keeps events as long as the stage says."""
    return logs.LogGroup(
        scope, construct_id, retention=config.log_retention, removal_policy=RemovalPolicy.DESTROY
    )


def role_of_function(scope: Construct, construct_id: str, log_group: logs.LogGroup) -> iam.Role:
    """A role that Lambda may assume, with the right to write to the log group and no other."""
    service = iam.ServicePrincipal("lambda.amazonaws.com")
    role = iam.Role(scope, construct_id, assumed_by=service)
    log_group.grant_write(role)
    return role
