"""Many requests to several nodes at once, and again those that the cluster redirects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from larder.valkey.cluster import Cluster
from larder.valkey.connection import Deadline
from larder.valkey.exchange import Exchange
from larder.valkey.node import Node
from larder.valkey.replies import ErrorReply, NoReply
from larder.valkey.requests import ASKING, Script, load_request


class Batch:
    """Requests for one node, with the place of each one's reply in the caller's list.

    The place is ``None`` for a request whose reply is dropped.
    """

    __slots__ = ("node", "places", "requests")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.requests: list[bytes] = []
        self.places: list[int | None] = []

    @classmethod
    def whole(cls, node: Node, requests: Sequence[bytes]) -> Batch:
        """All requests of a call, for one node."""
        batch = cls(node)
        batch.requests = list(requests)
        batch.places = list(range(len(requests)))
        return batch

    def add(self, request: bytes, place: int | None = None) -> None:
        """Add a request."""
        self.requests.append(request)
        self.places.append(place)


def batches_by_node(
    cluster: Cluster, keys: Sequence[bytes], requests: Sequence[bytes]
) -> list[Batch]:
    """A batch for each node, of the requests whose keys it has."""
    batches: dict[Node, Batch] = {}
    for place, key in enumerate(keys):
        node = cluster.owner(key)
        batches.setdefault(node, Batch(node)).add(requests[place], place)
    return list(batches.values())


def run_batches(batches: Iterable[Batch], replies: list[object], deadline: Deadline) -> None:
    """Send all batches, and put the replies into their places.

    Every thread takes connections in the order of the nodes' addresses. So no two threads wait for
    what the other holds.
    """
    started: list[tuple[Batch, Exchange]] = []
    try:
        for batch in sorted(batches, key=lambda batch: batch.node.address):
            data, count = b"".join(batch.requests), len(batch.requests)
            exchange = Exchange(batch.node, data, count, deadline)
            started.append((batch, exchange))
            exchange.start()
        for batch, exchange in started:
            for place, reply in zip(batch.places, exchange.finish(), strict=True):
                if place is not None:
                    replies[place] = reply
    finally:
        for _, exchange in started:
            exchange.abandon()


def handle_errors(
    cluster: Cluster,
    batches: Sequence[Batch],
    replies: list[object],
    deadline: Deadline,
    script: Script | None,
) -> None:
    """Repeat what went to the wrong node or met an unknown script; the rest becomes ``NoReply``."""
    _inform(cluster, batches, replies)
    repeated: dict[Node, Batch] = {}
    for batch in batches:
        for request, place in zip(batch.requests, batch.places, strict=True):
            error = replies[place] if place is not None else None
            if not isinstance(error, ErrorReply):
                continue
            target = cluster.redirect_target(error, batch.node)
            if target is None:
                continue
            again = repeated.get(target) or repeated.setdefault(
                target, _batch_with_script(target, script)
            )
            if error.code == "ASK":
                again.add(ASKING)
            again.add(request, place)
    run_batches(repeated.values(), replies, deadline)
    _inform(cluster, repeated.values(), replies)
    replies[:] = [each.as_no_reply() if isinstance(each, ErrorReply) else each for each in replies]


def _batch_with_script(node: Node, script: Script | None) -> Batch:
    """A batch that loads the script first: a node that a slot moved to may not have it."""
    batch = Batch(node)
    if script is not None:
        batch.add(load_request(script))
    return batch


def _inform(cluster: Cluster, batches: Iterable[Batch], replies: Sequence[object]) -> None:
    """Tell the cluster what the replies say of it, each kind of error once per node."""
    for batch in batches:
        got = [replies[place] for place in batch.places if place is not None]
        for code in {reply.code for reply in got if isinstance(reply, ErrorReply)}:
            cluster.handle_error(code, batch.node)
        if any(isinstance(reply, NoReply) and not reply.refused for reply in got):
            cluster.mark_unreachable(batch.node)
