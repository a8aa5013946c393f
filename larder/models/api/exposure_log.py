"""The exposure line of each answered request, written to the function's own log."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from larder.models.api.invoke_operations import Answered
from larder.models.capture import Captured, Exchange, captured
from larder.models.expose import Answer, exposure_of
from larder.models.exposure_line import to_line
from larder.telemetry.log import Log, to_stdout, trace_of
from larder.telemetry.metrics import Metric


@dataclass(frozen=True, slots=True)
class ExposureLog:
    """Learns of answered requests. It never raises: an answer does not depend on it.

    What could not be written is counted, and an alarm goes off. ``clock`` gives nanoseconds since
    the epoch.
    """

    log: Log
    write: Callable[[str], object] = field(default=to_stdout)
    clock: Callable[[], int] = time.time_ns

    def __call__(self, answered: Answered) -> None:
        """Write the line of one answered request."""
        try:
            self.write(self._line(answered))
        except Exception as error:  # the answer is made already
            self.log.line("ERROR", message="an exposure was lost", trace=trace_of(error))
            self.log.metrics({Metric.EXPOSURES_LOST: (1.0, "Count")})

    def _line(self, answered: Answered) -> str:
        answer = Answer(
            inference_id=answered.inference_id,
            attributes=answered.members.get("CustomAttributes", ""),
            answered_at=self.clock() // 1000,
            capture=_captured(answered),
        )
        return to_line(exposure_of(answered.endpoint, answered.outcome, answer))


def _captured(answered: Answered) -> Captured | None:
    config = answered.endpoint.capture
    if not config:
        return None
    exchange = Exchange(
        content_type=answered.members.get("ContentType", ""),
        body=answered.body,
        answer_type=answered.media,
        answer=answered.answer.encode(),
    )
    return captured(config, answered.inference_id, exchange)
