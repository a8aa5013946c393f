"""The client: calls in, as many answers out, in order and in time."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import cast

from larder.valkey.answers import Refusal, Troubles, Unanswered
from larder.valkey.cluster import Cluster
from larder.valkey.connection import Connector, Credentials, Deadline, ValkeyEndpoint
from larder.valkey.delivery import Parcel, deliver, repeat_refused, spread
from larder.valkey.exchange import Exchange
from larder.valkey.requests import Script, delete_requests, get_requests, script_requests

_MOST_AT_ONCE = 1000
"""Requests that are sent before their replies are read: a server that waits for us to read must
not meet us waiting for it."""
_TROUBLED = frozenset((Refusal, Unanswered))


class Valkey:
    """A deployment of Valkey, reached by one endpoint; safe for threads.

    Nothing is connected at construction. ``seconds`` is how long a whole call may take, with all
    connecting. A connection that takes longer is not given up: a later call uses it. No trouble of
    server or network is raised: each call has its answer in its place, or ``Unanswered``.
    """

    def __init__(
        self,
        endpoint: ValkeyEndpoint,
        *,
        credentials: Credentials | None = None,
        connect_seconds: float = 1.0,
        size: int = 32,
    ) -> None:
        """Read certificates; nothing else is done yet.

        Args:
            endpoint: Where to ask first, and whom else is learned from there.
            credentials: Gives user and password for each new connection; not asked for without.
            connect_seconds: How long opening one connection may take at most.
            size: How many connections to each node there may be.
        """
        tls = ssl.create_default_context(cafile=endpoint.ca_bundle) if endpoint.tls else None
        self._troubles = Troubles()
        connector = Connector(tls, credentials, connect_seconds)
        self._cluster = Cluster(endpoint, connector, self._troubles, size)

    @property
    def disruptions(self) -> int:
        """How often entries may have been lost or rolled back since the start.

        Grows each time an established connection is lost, a slot moves to another node or a node
        turns out to be a primary no longer.
        """
        return self._troubles.disruptions

    @property
    def timeouts(self) -> int:
        """How often a reply, or a connection, was waited for in vain."""
        return self._troubles.timeouts

    def get(self, keys: Sequence[bytes], *, seconds: float) -> list[bytes | Unanswered | None]:
        """The values of keys; None where there is none."""
        answers = self._call(keys, get_requests(keys), seconds)
        return cast("list[bytes | Unanswered | None]", answers)

    def run(
        self, script: Script, calls: Sequence[tuple[bytes, Sequence[bytes]]], *, seconds: float
    ) -> list[object]:
        """Run a script for each (key, arguments); gives its replies, or ``Unanswered``.

        The calls of one key take effect in their order, except those that a cluster redirects.
        """
        keys = [key for key, _ in calls]
        return self._call(keys, script_requests(script, calls), seconds, script)

    def run_requests(
        self, script: Script, keys: Sequence[bytes], requests: Sequence[bytes], *, seconds: float
    ) -> list[object]:
        """Like ``run``, of requests that were made before (``requests.script_requests``)."""
        return self._call(keys, requests, seconds, script)

    def delete(self, keys: Sequence[bytes], *, seconds: float) -> list[int | Unanswered]:
        """Delete keys: 1 for each that was there, else 0."""
        answers = self._call(keys, delete_requests(keys), seconds)
        return cast("list[int | Unanswered]", answers)

    def close(self) -> None:
        """Close all connections, those in use as soon as they come back.

        Calls are still answered, each over a connection of its own.
        """
        self._cluster.close()

    def _call(
        self,
        keys: Sequence[bytes],
        requests: Sequence[bytes],
        seconds: float,
        script: Script | None = None,
    ) -> list[object]:
        deadline = Deadline(seconds)
        if len(requests) <= _MOST_AT_ONCE:
            return self._at_once(keys, requests, deadline, script)
        answers: list[object] = []
        for start in range(0, len(requests), _MOST_AT_ONCE):
            part = slice(start, start + _MOST_AT_ONCE)
            answers += self._at_once(keys[part], requests[part], deadline, script)
        return answers

    def _at_once(
        self,
        keys: Sequence[bytes],
        requests: Sequence[bytes],
        deadline: Deadline,
        script: Script | None,
    ) -> list[object]:
        count = len(requests)
        obstacle = self._cluster.ready(deadline) if count else None
        if obstacle is not None or not count:
            return [obstacle] * count
        only = self._cluster.only
        if only is not None:
            answers = Exchange(only, b"".join(requests), count, deadline).finish()
            if _TROUBLED.isdisjoint(map(type, answers)):
                return answers
            parcels = [Parcel.whole(only, requests)]
        else:
            answers = [None] * count
            parcels = spread(self._cluster, keys, requests)
            deliver(parcels, answers, deadline)
        repeat_refused(self._cluster, parcels, answers, deadline, script)
        return answers
