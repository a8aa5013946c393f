"""Slots of keys, and maps of slots as servers tell them."""

import pytest

from larder.valkey.slots import SLOTS, SlotMap, slot_of

ASKED = ("door", 6379)


@pytest.mark.parametrize(
    ("key", "slot"),
    [
        (b"123456789", 0x31C3),  # the specification's own vector
        (b"foo", 12_182),
        (b"foo{hash_tag}", 2515),
        (b"bar{hash_tag}", 2515),
        (b"{user1000}.following", 3443),
        (b"{user1000}.followers", 3443),
        (b"user1000", 3443),
        (b"foo{}{bar}", 8363),  # an empty tag is none: the whole key counts
        (b"foo{bar", 15_278),
        (b"foo}bar", 7223),
        (b"", 0),
    ],
)
def test_the_slot_of_a_key(key, slot):
    assert slot_of(key) == slot


@pytest.mark.parametrize(
    ("key", "tag"),
    [(b"foo{{bar}}zap", b"{bar"), (b"foo{bar}{zap}", b"bar"), (b"}{a}", b"a"), (b"a}b{c}", b"c")],
)
def test_a_tag_is_the_first_in_braces(key, tag):
    assert slot_of(key) == slot_of(b"x{" + tag + b"}")


def test_a_map_is_read_with_its_gaps_and_without_replicas():
    reply = [
        [0, 99, [b"a", 1, b"id", []], [b"replica", 2, b"id", []]],
        [101, SLOTS - 1, [b"b", 3, b"id"]],
    ]
    slots = SlotMap.read(reply, ASKED)
    owners = [slots.owners[slot] for slot in (0, 99, 100, 101, SLOTS - 1)]
    assert owners == [("a", 1), ("a", 1), None, ("b", 3), ("b", 3)]
    assert slots.addresses() == {("a", 1), ("b", 3)}
    assert slots.only is None


@pytest.mark.parametrize("host", [None, b"", b"?"])
def test_a_node_without_a_host_is_where_we_asked(host):
    slots = SlotMap.read([[0, SLOTS - 1, [host, 6380, b"id"]]], ASKED)
    assert slots.only == ("door", 6380)


def test_a_map_that_nobody_serves_has_no_nodes():
    assert SlotMap.read([], ASKED).addresses() == set()


@pytest.mark.parametrize(
    "reply",
    [b"OK", None, [1], [[0, 1]], [[0, 1, []]], [[0, b"1", [b"a", 1]]], [[0, SLOTS, [b"a", 1]]], [[-2, 1, [b"a", 1]]], [[5, 4, [b"a", 1]]], [[0, 1, [b"a", 65_536]]],
     [[0, 1, [b"a", b"x"]]], [[0, 1, [[], 1]]], [[0, 1, [b"\xff", 1]]]],
)  # fmt: skip
def test_what_is_no_map_is_refused(reply):
    with pytest.raises(ValueError, match="CLUSTER SLOTS"):
        SlotMap.read(reply, ASKED)
