"""Endpoints as invocations know them: read from the registry, reused for seconds.

A change of weights, or a switch to 0, is in effect within that time. A document of a lower
generation than one that was seen never comes back, unless the endpoint was created again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from larder.models.ports import Endpoints
from larder.models.served import ServedEndpoint

MOST_SECONDS = 5.0
_MOST_ENTRIES = 1000


@dataclass(slots=True)
class EndpointCache:
    """Endpoints by name, each read at most once in ``lifetime`` seconds of ``clock``.

    A name without an endpoint is asked for every time, and so is one that does not answer yet: an
    invocation never fails for a cache's sake once DescribeEndpoint says InService.
    """

    source: Endpoints
    lifetime: float = MOST_SECONDS
    clock: Callable[[], float] = monotonic
    _entries: dict[str, tuple[float, ServedEndpoint]] = field(default_factory=dict)

    def get(self, name: str) -> ServedEndpoint | None:
        """See ``Endpoints.get``, as of ``lifetime`` seconds ago at most."""
        kept = self._entries.get(name)
        now = self.clock()
        if kept is not None and now < kept[0]:
            return kept[1]
        endpoint = self.source.get(name)
        if endpoint is None:
            self._entries.pop(name, None)
            return None
        if kept is not None and _is_older(endpoint, kept[1]):
            endpoint = kept[1]
        if len(self._entries) >= _MOST_ENTRIES:
            self._entries.clear()
        kept_for = self.lifetime if endpoint.status.answers else 0.0
        self._entries[name] = (now + kept_for, endpoint)
        return endpoint


def _is_older(read: ServedEndpoint, kept: ServedEndpoint) -> bool:
    return read.uid == kept.uid and read.generation < kept.generation
