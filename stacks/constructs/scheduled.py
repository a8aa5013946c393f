"""Schedules that definition files ask for, by EventBridge Scheduler, which knows time zones."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from larder.pipelines.durations import MINUTE


@dataclass(frozen=True, kw_only=True)
class Target:
    """What is called: its ARN, the ARN of a role that may, and the input as JSON."""

    arn: str
    role_arn: str
    given: str


def scheduled(
    scope: Construct,
    name: str,
    target: Target,
    *,
    description: str,
    expression: str,
    timezone: str | None = None,
) -> None:
    """Call ``target`` whenever the expression is due. A call that fails is not made again."""
    scheduler.CfnSchedule(
        scope,
        name,
        description=description,
        flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
        schedule_expression=expression,
        schedule_expression_timezone=timezone,
        target=scheduler.CfnSchedule.TargetProperty(
            arn=target.arn,
            role_arn=target.role_arn,
            input=target.given,
            retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(maximum_retry_attempts=0),
        ),
    )


def expression(every: int | None, cron: str | None) -> str:
    """The scheduler's expression of a length of time in microseconds, or of ``cron``."""
    if every is None:
        return f"cron({cron})"
    minutes = every // MINUTE
    return f"rate({minutes} minute{'s' if minutes > 1 else ''})"


def every_five_minutes(
    scope: Construct,
    construct_id: str,
    function: lambda_.IFunction,
    given: Mapping[str, str],
    *,
    description: str,
) -> None:
    """Call a function with ``given`` every five minutes, by a rule: that needs no role."""
    event = events.RuleTargetInput.from_object(dict(given))
    events.Rule(
        scope,
        construct_id,
        description=description,
        schedule=events.Schedule.rate(Duration.minutes(5)),
        targets=[targets.LambdaFunction(function, event=event)],
    )
