"""Which node of a cluster has a key.

Source: Valkey, "Cluster specification", key distribution model and hash tags.
"""

from __future__ import annotations

from binascii import crc_hqx

SLOTS = 16_384
Address = tuple[str, int]


def slot_of(key: bytes) -> int:
    """The slot of a key, or of its first {tag} if that is not empty."""
    start = key.find(b"{")
    if start >= 0:
        end = key.find(b"}", start + 1)
        if end > start + 1:
            key = key[start + 1 : end]
    return crc_hqx(key, 0) % SLOTS


class SlotMap:
    """The address of each slot's primary, ``None`` for a slot that no node serves.

    ``only`` is the address where all slots have the same one, so that none need be computed.
    """

    __slots__ = ("only", "owners")

    def __init__(self, owners: list[Address | None]) -> None:
        self.owners = owners
        addresses = self.addresses()
        self.only = next(iter(addresses)) if len(addresses) == 1 else None

    @classmethod
    def all_at(cls, address: Address) -> SlotMap:
        """The map of a server that is not part of a cluster."""
        return cls([address] * SLOTS)

    @classmethod
    def read(cls, reply: object, asked: Address) -> SlotMap:
        """The map in a reply to ``CLUSTER SLOTS``; ``asked`` is the node that sent it.

        Raises:
            ValueError: the reply is malformed.
        """
        if not isinstance(reply, list):
            raise ValueError(f"the reply to CLUSTER SLOTS is of type {type(reply).__name__}")
        owners: list[Address | None] = [None] * SLOTS
        for entry in reply:
            try:
                first, last, (host, port, *_), *_ = entry
                if not 0 <= first <= last < SLOTS:
                    raise ValueError("slots out of range")
                owners[first : last + 1] = [address_of(host, port, asked)] * (last + 1 - first)
            except (TypeError, ValueError) as error:
                raise ValueError(f"the reply to CLUSTER SLOTS has {entry!r}") from error
        return cls(owners)

    def addresses(self) -> set[Address]:
        """All nodes of the map."""
        return {owner for owner in set(self.owners) if owner}


def address_of(host: bytes | str | None, port: int | str, asked: Address) -> Address:
    """A node's address as another node sent it; no host, or ``?``, is the host that was asked.

    Raises:
        ValueError: the port is not one.
    """
    name = host.decode() if isinstance(host, bytes) else host
    number = int(port)
    if not 0 < number < 65_536:
        raise ValueError(f"{number} is not a port")
    return (asked[0] if name in {None, "", "?"} else str(name), number)
