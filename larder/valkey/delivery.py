"""Many requests to several nodes at once, and those again that were refused for now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from larder.valkey.answers import Refusal, Unanswered
from larder.valkey.cluster import Cluster
from larder.valkey.connection import Deadline
from larder.valkey.exchange import Exchange
from larder.valkey.node import Node
from larder.valkey.requests import ASKING, Script, load_request


class Parcel:
    """Requests for one node, with the place of each one's answer; None where nobody wants it."""

    __slots__ = ("node", "places", "requests")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.requests: list[bytes] = []
        self.places: list[int | None] = []

    @classmethod
    def whole(cls, node: Node, requests: Sequence[bytes]) -> Parcel:
        """All requests of a call, for one node."""
        parcel = cls(node)
        parcel.requests = list(requests)
        parcel.places = list(range(len(requests)))
        return parcel

    def add(self, request: bytes, place: int | None = None) -> None:
        """Add a request."""
        self.requests.append(request)
        self.places.append(place)


def deliver(parcels: Iterable[Parcel], answers: list[object], deadline: Deadline) -> None:
    """Send all parcels, and put the answers into their places.

    Connections are taken in the order of the nodes' addresses, by every thread, so that no two
    threads wait for what the other holds.
    """
    begun: list[tuple[Parcel, Exchange]] = []
    try:
        for parcel in sorted(parcels, key=lambda parcel: parcel.node.address):
            data, count = b"".join(parcel.requests), len(parcel.requests)
            begun.append((parcel, Exchange(parcel.node, data, count, deadline)))
        for parcel, exchange in begun:
            for place, reply in zip(parcel.places, exchange.finish(), strict=True):
                if place is not None:
                    answers[place] = reply
    finally:
        for _, exchange in begun:
            exchange.abandon()


def spread(cluster: Cluster, keys: Sequence[bytes], requests: Sequence[bytes]) -> list[Parcel]:
    """The parcels of requests by the node that has each one's key."""
    parcels: dict[Node, Parcel] = {}
    for place, key in enumerate(keys):
        node = cluster.owner(key)
        parcels.setdefault(node, Parcel(node)).add(requests[place], place)
    return list(parcels.values())


def repeat_refused(
    cluster: Cluster,
    parcels: Sequence[Parcel],
    answers: list[object],
    deadline: Deadline,
    script: Script | None,
) -> None:
    """Repeat what was refused for the wrong place or an unknown script; the rest is unanswered."""
    _learn(cluster, parcels, answers)
    repeated: dict[Node, Parcel] = {}
    for parcel in parcels:
        for request, place in zip(parcel.requests, parcel.places, strict=True):
            refusal = answers[place] if place is not None else None
            if not isinstance(refusal, Refusal):
                continue
            target = cluster.redirected(refusal, parcel.node)
            if target is None:
                continue
            again = repeated.get(target) or repeated.setdefault(target, _opened(target, script))
            if refusal.code == "ASK":
                again.add(ASKING)
            again.add(request, place)
    deliver(repeated.values(), answers, deadline)
    _learn(cluster, repeated.values(), answers)
    answers[:] = [a.unanswered() if isinstance(a, Refusal) else a for a in answers]


def _opened(node: Node, script: Script | None) -> Parcel:
    """A parcel that makes the script known first: a node that was moved to may not have it."""
    parcel = Parcel(node)
    if script is not None:
        parcel.add(load_request(script))
    return parcel


def _learn(cluster: Cluster, parcels: Iterable[Parcel], answers: Sequence[object]) -> None:
    """Tell the cluster what the answers say of it; of each kind once per node."""
    for parcel in parcels:
        got = [answers[place] for place in parcel.places if place is not None]
        for code in {answer.code for answer in got if isinstance(answer, Refusal)}:
            cluster.heed(code, parcel.node)
        if any(isinstance(answer, Unanswered) and not answer.refused for answer in got):
            cluster.suspect(parcel.node)
