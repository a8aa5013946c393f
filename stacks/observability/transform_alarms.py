"""The alarms of transform jobs whose state machine gave up."""

from collections.abc import Iterator

from stacks.observability.watch import PERIOD, Watch
from stacks.transforms import TransformsStack


def transform_watches(transforms: TransformsStack) -> Iterator[Watch]:
    """The alarms of executions that failed or took too long; bad input makes neither."""
    yield Watch(
        name="TransformExecutionsFail",
        metric=transforms.machine.metric_failed(period=PERIOD),
        meaning="the state machine of a transform job gave up: its history has the cause, and the "
        "log of the function transforms",
    )
    yield Watch(
        name="TransformExecutionsTimeOut",
        metric=transforms.machine.metric_timed_out(period=PERIOD),
        meaning="the state machine of a transform job took longer than it may",
    )
