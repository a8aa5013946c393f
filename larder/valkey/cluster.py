"""The nodes of a deployment, and what is known of who serves which slot."""

from __future__ import annotations

from threading import Lock

from larder.valkey.answers import TIMED_OUT, Refusal, Troubles, Unanswered
from larder.valkey.connection import Connector, Deadline, ValkeyEndpoint
from larder.valkey.exchange import Exchange
from larder.valkey.node import Node
from larder.valkey.requests import CLUSTER_SLOTS
from larder.valkey.slots import Address, SlotMap, address_of, slot_of

_ALONE = ("cluster support disabled", "unknown command", "NOPERM")
"""What a server says that is no cluster, or does not tell us of it: then it is asked for all keys,
and corrects us by MOVED where it is one."""
_MOVING = frozenset(("CLUSTERDOWN", "LOADING", "MASTERDOWN", "MOVED", "READONLY", "TRYAGAIN"))


class Cluster:
    """One endpoint and the nodes behind it; a server that is no cluster is its only node.

    ``only`` is the node of all slots where there is such a one.
    """

    def __init__(
        self, endpoint: ValkeyEndpoint, connector: Connector, troubles: Troubles, size: int
    ) -> None:
        self._endpoint = endpoint
        self._connector = connector
        self._troubles = troubles
        self._size = size
        self._door = (endpoint.host, endpoint.port)
        self._nodes: dict[Address, Node] = {}
        self._changing = Lock()
        self._learning = Lock()
        self._map: SlotMap | None = None
        self._doubted = True
        self._suspects: set[Address] = set()
        self.only: Node | None = None

    def ready(self, deadline: Deadline) -> Unanswered | None:
        """See to it that there is a map; if there is none, say why.

        A map in doubt is asked for anew by one thread, while the others go on with the old one.
        """
        if not self._doubted:
            return None
        patience = deadline.remaining() if self._map is None else 0.0
        if not self._learning.acquire(timeout=patience):
            return Unanswered(TIMED_OUT) if self._map is None else None
        try:
            return self._learn(deadline) if self._doubted else None
        finally:
            self._learning.release()

    def owner(self, key: bytes) -> Node:
        """The node of a key; for a slot that nobody serves the endpoint, who will say so."""
        slots = self._map
        return self._node((slots and slots.owners[slot_of(key)]) or self._door)

    def redirected(self, refusal: Refusal, node: Node) -> Node | None:
        """Where a refused request should be repeated, once; None if that would not help."""
        words = refusal.words
        if words[0] == "NOSCRIPT":
            return node
        if words[0] not in {"MOVED", "ASK"} or len(words) < 3:
            return None
        host, _, port = words[2].rpartition(":")
        try:
            return self._node(address_of(host, port, node.address))
        except ValueError:
            return None

    def heed(self, code: str, node: Node) -> None:
        """Learn from a node's refusal of some kind."""
        if code not in _MOVING:
            return
        self._doubted = True
        if code in {"MOVED", "READONLY"}:
            self._troubles.disrupted()
        if code == "READONLY":  # a name may lead to its successor by now
            node.close_idle()

    def suspect(self, node: Node) -> None:
        """A node did not answer: others may know better who serves its slots by now."""
        if node.address != self._door or self.only is not node:
            self._suspects.add(node.address)
            self._doubted = True

    def close(self) -> None:
        """Close all connections, those in use as soon as they come back."""
        with self._changing:
            nodes = list(self._nodes.values())
        for node in nodes:
            node.retire()

    def _learn(self, deadline: Deadline) -> Unanswered | None:
        self._doubted = False  # what is doubted from here on stays in doubt
        informants = self._informants()
        failure = None
        for number, node in enumerate(informants):
            found = _asked(node, deadline.share(len(informants) - number))
            if isinstance(found, SlotMap):
                self._follow(found)
                return None
            failure = found
        self._doubted = True
        return failure if self._map is None else None

    def _informants(self) -> list[Node]:
        """Whom to ask, those last that did not answer lately."""
        known = self._map.addresses() if self._map else set()
        known.add(self._door)
        suspects = self._suspects
        return [self._node(address) for address in sorted(known, key=lambda a: (a in suspects, a))]

    def _follow(self, slots: SlotMap) -> None:
        if self._map is not None and self._map.owners != slots.owners:
            self._troubles.disrupted()
        self._map = slots
        self._suspects.clear()
        self.only = self._node(slots.only) if slots.only else None
        wanted = slots.addresses() | {self._door}
        with self._changing:
            gone = [self._nodes.pop(address) for address in self._nodes.keys() - wanted]
        for node in gone:
            node.retire()

    def _node(self, address: Address) -> Node:
        node = self._nodes.get(address)
        if node is not None:
            return node
        endpoint = self._endpoint.beside(*address)
        made = Node(endpoint, self._connector, self._troubles, self._size)
        with self._changing:
            return self._nodes.setdefault(address, made)


def _asked(node: Node, deadline: Deadline) -> SlotMap | Unanswered:
    (reply,) = Exchange(node, CLUSTER_SLOTS, 1, deadline).finish()
    if isinstance(reply, Unanswered):
        return reply
    if isinstance(reply, Refusal):
        alone = any(sign in str(reply) for sign in _ALONE)
        return SlotMap.all_at(node.address) if alone else reply.unanswered()
    try:
        return SlotMap.read(reply, node.address)
    except ValueError as error:
        return Unanswered(str(error))
