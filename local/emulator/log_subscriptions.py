"""Log subscriptions: filter patterns on members of JSON, and events delivered together.

ministack delivers the lines of each invocation at once, in a call of their own that is never
repeated. It takes a JSON pattern for bare words. CloudWatch Logs gathers events, and Lambda repeats
such a call twice. Source: the CloudWatch Logs user guide, "Filter pattern syntax" and
"Subscriptions"; of patterns those of the form ``{ $.member = "text" }`` are read here, and words.
"""

import base64
import gzip
import json
import logging
import re
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import cloudwatch_logs, lambda_svc

from local.emulator.undisturbed import undisturbed

_MEMBER = re.compile(r'\s*\{\s*\$\.(\w+)\s*=\s*"([^"]*)"\s*\}\s*')
_WINDOW_SECONDS = 1.0
_TRIES = 3
_MOST_EVENTS = 1_000
_logger = logging.getLogger("larder.logs")
Place = tuple[str, str, str]
"""Log group, filter, function."""


def install() -> None:
    """Take over how log events reach the functions that subscribe to them."""
    words = cloudwatch_logs._subscription_pattern_matches
    cloudwatch_logs._subscription_pattern_matches = lambda pattern, message: matches(
        pattern, message, words
    )
    cloudwatch_logs._fanout_to_subscription_filters = _Deliveries().add
    for name in ("_describe_log_groups", "_describe_log_streams"):
        setattr(cloudwatch_logs, name, undisturbed(getattr(cloudwatch_logs, name)))


def matches(pattern: str, message: str, words: Callable[[str, str], bool]) -> bool:
    """Whether a filter pattern takes a message; ``words`` judges patterns that are no JSON."""
    member = _MEMBER.fullmatch(pattern or "")
    if member is None:
        return words(pattern, message)
    try:
        document = json.loads(message)
    except ValueError:
        return False
    return isinstance(document, dict) and document.get(member[1]) == member[2]


@dataclass(slots=True)
class _Deliveries:
    """Events that wait for their function: one delivery of each subscription at a time."""

    _waiting: dict[Place, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    _busy: set[Place] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, group: str, _stream: str, events: list[dict[str, Any]]) -> None:
        """Take in the events of a log group that its subscriptions ask for."""
        filters = (cloudwatch_logs._log_groups.get(group) or {}).get("subscriptionFilters") or {}
        for each in filters.values():
            function = each.get("destinationArn", "").rpartition(":function:")[2].split(":")[0]
            pattern = each.get("filterPattern", "")
            taken = [
                _event(one)
                for one in events
                if cloudwatch_logs._subscription_pattern_matches(pattern, one.get("message", ""))
            ]
            if taken and function and group != f"/aws/lambda/{function}":
                self._start((group, each.get("filterName", ""), function), taken)

    def _start(self, place: Place, events: list[dict[str, Any]]) -> None:
        with self._lock:
            self._waiting[place].extend(events)
            if place in self._busy:
                return
            self._busy.add(place)
        account = get_account_id()
        threading.Thread(target=self._deliver, args=(place, account), daemon=True).start()

    def _deliver(self, place: Place, account: str) -> None:
        while True:
            time.sleep(_WINDOW_SECONDS)
            with self._lock:
                events = self._waiting[place][:_MOST_EVENTS]
                del self._waiting[place][:_MOST_EVENTS]
                if not events:
                    self._busy.discard(place)
                    return
            _invoke(place, envelope(place, account, events))


def _event(event: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": uuid.uuid4().hex,
        "timestamp": event.get("timestamp", int(time.time() * 1000)),
        "message": event.get("message", ""),
    }


def envelope(place: Place, account: str, events: list[dict[str, Any]]) -> dict[str, Any]:
    """The event of a delivery."""
    group, name, _ = place
    document = {
        "messageType": "DATA_MESSAGE",
        "owner": account,
        "logGroup": group,
        "logStream": "local",
        "subscriptionFilters": [name],
        "logEvents": events,
    }
    data = base64.b64encode(gzip.compress(json.dumps(document).encode())).decode()
    return {"awslogs": {"data": data}}


def _invoke(place: Place, event: dict[str, Any]) -> None:
    """Call the function; after a failure twice more, as Lambda does."""
    function = lambda_svc._functions.get(place[2])
    if function is None:
        _logger.error("the log subscription %s has no function %s", place[1], place[2])
        return
    for attempt in range(_TRIES):
        try:
            answer = lambda_svc._execute_function_with_config_scope(function, event)
        except Exception as error:  # a thread that dies would take all later events with it
            answer = {"error": True, "body": str(error)}
        if not answer.get("error"):
            return
        _logger.warning("%s failed on log events: %s", place[2], str(answer.get("body"))[:500])
        time.sleep(2.0**attempt)
    _logger.error("%s gave up on log events of %s", place[2], place[0])
