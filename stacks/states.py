"""What the state machines share: how a state is tried again, and the errors that ask for it."""

from typing import Any, Final

State = dict[str, Any]
LONGEST_CALL: Final = 900
"""Seconds; Lambda's own limit."""
AWS_FAULTS: Final = (
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "ServiceUnavailable",
    "ThrottlingException",
)
"""Where AWS or a store is at fault."""
STOPPED: Final = ("States.Timeout", "Lambda.Unknown", "Sandbox.Timedout")
"""A function that was killed in the middle."""


def retry(errors: tuple[str, ...], *, attempts: int, seconds: int, rate: float) -> State:
    """A retrier of Amazon States Language; pauses that grow have jitter and an end."""
    retrier: State = {
        "ErrorEquals": list(errors),
        "IntervalSeconds": seconds,
        "MaxAttempts": attempts,
        "BackoffRate": rate,
    }
    if rate > 1:
        retrier |= {"MaxDelaySeconds": 60, "JitterStrategy": "FULL"}
    return retrier
