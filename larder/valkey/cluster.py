"""The nodes of a deployment, and the map of which node serves which slot."""

from __future__ import annotations

from threading import Lock

from larder.valkey.connection import Connector, Deadline, ValkeyEndpoint
from larder.valkey.exchange import Exchange
from larder.valkey.node import Node
from larder.valkey.replies import TIMED_OUT, ErrorCounts, ErrorReply, NoReply
from larder.valkey.requests import CLUSTER_SLOTS
from larder.valkey.slots import Address, SlotMap, address_of, slot_of

_STANDALONE = ("cluster support disabled", "unknown command", "NOPERM")
"""Errors of a server that is no cluster, or that does not tell this user of it. It is then asked
for all keys, and redirects by MOVED where it is a cluster after all."""
_MAP_IN_DOUBT = frozenset(("CLUSTERDOWN", "LOADING", "MASTERDOWN", "MOVED", "READONLY", "TRYAGAIN"))


class Cluster:
    """One endpoint and the nodes behind it; a server that is no cluster is its only node.

    ``only`` is the node that serves all slots, or ``None`` where several do.
    """

    def __init__(
        self, endpoint: ValkeyEndpoint, connector: Connector, errors: ErrorCounts, size: int
    ) -> None:
        self._endpoint = endpoint
        self._connector = connector
        self._errors = errors
        self._size = size
        self._address = (endpoint.host, endpoint.port)
        self._nodes: dict[Address, Node] = {}
        self._nodes_lock = Lock()
        self._refreshing = Lock()
        self._map: SlotMap | None = None
        self._in_doubt = True
        self._unreachable: set[Address] = set()
        self.only: Node | None = None

    def ready(self, deadline: Deadline) -> NoReply | None:
        """Make sure that there is a map; without one, say why.

        One thread refreshes a map in doubt, while the others go on with the old one.
        """
        if not self._in_doubt:
            return None
        patience = deadline.remaining() if self._map is None else 0.0
        if not self._refreshing.acquire(timeout=patience):
            return NoReply(TIMED_OUT) if self._map is None else None
        try:
            return self._refresh(deadline) if self._in_doubt else None
        finally:
            self._refreshing.release()

    def owner(self, key: bytes) -> Node:
        """The node of a key; for a slot that no node serves the endpoint, which will say so."""
        slots = self._map
        return self._node((slots and slots.owners[slot_of(key)]) or self._address)

    def redirect_target(self, error: ErrorReply, node: Node) -> Node | None:
        """The node at which to repeat a request, once; ``None`` if that would not help."""
        words = error.words
        if words[0] == "NOSCRIPT":
            return node
        if words[0] not in {"MOVED", "ASK"} or len(words) < 3:
            return None
        host, _, port = words[2].rpartition(":")
        try:
            return self._node(address_of(host, port, node.address))
        except ValueError:
            return None

    def handle_error(self, code: str, node: Node) -> None:
        """Doubt the map where a node's error of that kind speaks against it."""
        if code not in _MAP_IN_DOUBT:
            return
        self._in_doubt = True
        if code in {"MOVED", "READONLY"}:
            self._errors.disrupted()
        if code == "READONLY":  # its name may lead to its successor by now
            node.close_idle()

    def mark_unreachable(self, node: Node) -> None:
        """A node did not reply: others may know better which node serves its slots by now."""
        if node.address != self._address or self.only is not node:
            self._unreachable.add(node.address)
            self._in_doubt = True

    def close(self) -> None:
        """Close all connections, those in use as soon as they come back."""
        with self._nodes_lock:
            nodes = list(self._nodes.values())
        for node in nodes:
            node.retire()

    def _refresh(self, deadline: Deadline) -> NoReply | None:
        self._in_doubt = False  # a doubt that comes from here on stays
        nodes = self._nodes_to_ask()
        failure = None
        for number, node in enumerate(nodes):
            found = _slots_of(node, deadline.share(len(nodes) - number))
            if isinstance(found, SlotMap):
                self._install(found)
                return None
            failure = found
        self._in_doubt = True
        return failure if self._map is None else None

    def _nodes_to_ask(self) -> list[Node]:
        """All known nodes, those last that did not reply lately."""
        known = self._map.addresses() if self._map else set()
        known.add(self._address)
        late = self._unreachable
        return [self._node(address) for address in sorted(known, key=lambda a: (a in late, a))]

    def _install(self, slots: SlotMap) -> None:
        if self._map is not None and self._map.owners != slots.owners:
            self._errors.disrupted()
        self._map = slots
        self._unreachable.clear()
        self.only = self._node(slots.only) if slots.only else None
        wanted = slots.addresses() | {self._address}
        with self._nodes_lock:
            gone = [self._nodes.pop(address) for address in self._nodes.keys() - wanted]
        for node in gone:
            node.retire()

    def _node(self, address: Address) -> Node:
        node = self._nodes.get(address)
        if node is not None:
            return node
        endpoint = self._endpoint.beside(*address)
        made = Node(endpoint, self._connector, self._errors, self._size)
        with self._nodes_lock:
            return self._nodes.setdefault(address, made)


def _slots_of(node: Node, deadline: Deadline) -> SlotMap | NoReply:
    (reply,) = Exchange(node, CLUSTER_SLOTS, 1, deadline).start().finish()
    if isinstance(reply, NoReply):
        return reply
    if isinstance(reply, ErrorReply):
        standalone = any(sign in str(reply) for sign in _STANDALONE)
        return SlotMap.all_at(node.address) if standalone else reply.as_no_reply()
    try:
        return SlotMap.read(reply, node.address)
    except ValueError as error:
        return NoReply(str(error))
