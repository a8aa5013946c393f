"""The client: calls in, as many replies out, in order and in time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from larder.aws.trust import Trust
from larder.valkey.batches import Batch, batches_by_node, handle_errors, run_batches
from larder.valkey.cluster import Cluster
from larder.valkey.connection import Connector, Credentials, Deadline, ValkeyEndpoint
from larder.valkey.exchange import Exchange
from larder.valkey.replies import ErrorCounts, ErrorReply, NoReply
from larder.valkey.requests import Script, delete_requests, get_requests, script_requests

_MOST_AT_ONCE = 1000
"""Requests that are sent before their replies are read. Beyond that, client and server might both
wait for the other to read."""
_ERRORS = frozenset((ErrorReply, NoReply))


class Valkey:
    """A deployment of Valkey, reached by one endpoint; safe for threads.

    Nothing is connected at construction. ``seconds`` is how long a whole call may take, with all
    connecting. A connection that takes longer is not given up: a later call uses it. No fault of
    server or network is raised: each call has its reply in its place, or ``NoReply``.
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
            endpoint: The node to ask first; it names the others.
            credentials: Gives user and password for each new connection. Without it none
                authenticates.
            connect_seconds: How long opening one connection may take at most.
            size: How many connections to each node there may be.
        """
        trust = Trust(endpoint.ca_bundle) if endpoint.tls else None
        self._errors = ErrorCounts()
        connector = Connector(trust, credentials, connect_seconds)
        self._cluster = Cluster(endpoint, connector, self._errors, size)

    @property
    def disruptions(self) -> int:
        """How often entries may have been lost or rolled back since the start.

        Grows each time an established connection is lost or a slot moves to another node. It also
        grows where a node turns out to be a primary no longer.
        """
        return self._errors.disruptions

    @property
    def timeouts(self) -> int:
        """How often a reply, or a connection, did not come in time."""
        return self._errors.timeouts

    def get(self, keys: Sequence[bytes], *, seconds: float) -> list[bytes | NoReply | None]:
        """The values of keys; ``None`` for a key without a value."""
        replies = self._call(keys, get_requests(keys), seconds)
        return cast("list[bytes | NoReply | None]", replies)

    def run(
        self, script: Script, calls: Sequence[tuple[bytes, Sequence[bytes]]], *, seconds: float
    ) -> list[object]:
        """Run a script for each (key, arguments); gives its replies, or ``NoReply``.

        The calls of one key take effect in their order, except those that a cluster redirects.
        """
        keys = [key for key, _ in calls]
        return self._call(keys, script_requests(script, calls), seconds, script)

    def run_requests(
        self, script: Script, keys: Sequence[bytes], requests: Sequence[bytes], *, seconds: float
    ) -> list[object]:
        """Like ``run``, of requests that were made before (``requests.script_requests``)."""
        return self._call(keys, requests, seconds, script)

    def delete(self, keys: Sequence[bytes], *, seconds: float) -> list[int | NoReply]:
        """Delete keys: 1 for each that had a value, else 0."""
        replies = self._call(keys, delete_requests(keys), seconds)
        return cast("list[int | NoReply]", replies)

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
            return self._call_once(keys, requests, deadline, script)
        replies: list[object] = []
        for start in range(0, len(requests), _MOST_AT_ONCE):
            part = slice(start, start + _MOST_AT_ONCE)
            replies += self._call_once(keys[part], requests[part], deadline, script)
        return replies

    def _call_once(
        self,
        keys: Sequence[bytes],
        requests: Sequence[bytes],
        deadline: Deadline,
        script: Script | None,
    ) -> list[object]:
        count = len(requests)
        failure = self._cluster.ready(deadline) if count else None
        if failure is not None or not count:
            return [failure] * count
        only = self._cluster.only
        if only is not None:
            replies = Exchange(only, b"".join(requests), count, deadline).start().finish()
            if _ERRORS.isdisjoint(map(type, replies)):
                return replies
            batches = [Batch.whole(only, requests)]
        else:
            replies = [None] * count
            batches = batches_by_node(self._cluster, keys, requests)
            run_batches(batches, replies, deadline)
        handle_errors(self._cluster, batches, replies, deadline, script)
        return replies
