"""A function that is called again and again, and what must be watched for that."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from stacks.constructs.python_function import PythonFunction


class Schedule(events.Rule):
    """A rule that calls ``function`` in the same intervals; a call that fails waits for the next.

    Its event has no ``Records``. Every schedule is watched (``stacks.observability``): that it
    runs, that it does not fail, and that no part of its work does.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: PythonFunction,
        every: Duration,
        description: str,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description=f"Larder: {description}",
            schedule=events.Schedule.rate(every),
            targets=[targets.LambdaFunction(function, retry_attempts=0)],
        )
        self.function = function
        self.every = every
