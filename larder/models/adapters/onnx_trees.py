"""Whether the trees of an ONNX model end: onnxruntime follows a node's children wherever they lead.

A damaged file can make it walk in a circle, for some rows alone. So the import looks at every tree
before a row is scored. Two branches may share a node, as sets of categories do.

Sources: ``onnx.proto`` and Protocol Buffers' encoding; the operators TreeEnsemble,
TreeEnsembleClassifier and TreeEnsembleRegressor of ``ai.onnx.ml``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from larder.models.errors import ModelError

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_MODEL_GRAPH, _MODEL_FUNCTIONS, _GRAPH_NODE, _FUNCTION_NODE = 7, 25, 1, 7
_NODE_TYPE, _NODE_ATTRIBUTE = 4, 5
_NAME, _GRAPH, _INTS, _STRINGS, _GRAPHS = 1, 6, 8, 9, 11
_DEEPEST: Final = 50
_LEAF: Final = b"LEAF"
_OLD: Final = (b"TreeEnsembleClassifier", b"TreeEnsembleRegressor")
_NEW: Final = b"TreeEnsemble"
_SIDES: Final = ("true", "false")
Attributes = dict[str, list[Any]]


def check_onnx(saved: bytes) -> None:
    """Nothing where all trees of a model end.

    Raises:
        ModelError: a node's child does not exist, or leads back to the node.
    """
    try:
        for kind, attributes in _ensembles(saved):
            left, right = (_by_name if kind in _OLD else _by_place)(attributes)
            _require(_ends(left, right), "a tree's path comes back to a node")
    except (ValueError, KeyError, IndexError, OverflowError) as error:
        raise ModelError(f"The trees are damaged: {error!r:.200}", 500) from error


def _by_name(attributes: Attributes) -> tuple[Any, Any]:
    """Children as places among the nodes, -1 of leaves; nodes are named by tree and number."""
    trees, numbers = (_whole(attributes, f"nodes_{each}ids") for each in ("tree", "node"))
    leaf = np.array([each == _LEAF for each in attributes["nodes_modes"]], dtype=bool)
    _require(len(trees) == len(numbers) == len(leaf), "its nodes have lists of other lengths")
    known, tree = np.unique(numbers), np.unique(trees, return_inverse=True)[1]
    keys = tree * len(known) + np.searchsorted(known, numbers)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    _require(bool((np.diff(ordered) > 0).all()), "two nodes have one number")

    def children(side: str) -> Any:  # noqa: ANN401 - numpy's
        given = _whole(attributes, f"nodes_{side}nodeids")
        _require(len(given) == len(keys), "its nodes have lists of other lengths")
        place = np.searchsorted(known, given).clip(max=max(len(known) - 1, 0))
        wanted = tree * len(known) + place
        found = np.searchsorted(ordered, wanted).clip(max=max(len(ordered) - 1, 0))
        exists = (known[place] == given) & (ordered[found] == wanted)
        _require(bool((exists | leaf).all()), "a node has a child that does not exist")
        return np.where(leaf, -1, order[found])

    return children("true"), children("false")


def _by_place(attributes: Attributes) -> tuple[Any, Any]:
    """The same where nodes and leaves are numbered by their places."""
    sides = []
    for side in _SIDES:
        given, leaf = (_whole(attributes, f"nodes_{side}{each}") for each in ("nodeids", "leafs"))
        _require(len(given) == len(leaf), "its nodes have lists of other lengths")
        inside = (given >= 0) & (given < len(given))
        _require(bool((inside | (leaf != 0)).all()), "a node has a child that does not exist")
        sides.append(np.where(leaf != 0, -1, given))
    _require(len(sides[0]) == len(sides[1]), "its nodes have lists of other lengths")
    return sides[0], sides[1]


def _ends(left: Any, right: Any) -> bool:  # noqa: ANN401
    """Whether no path comes back: nodes without parents are taken away until none is left."""
    children = np.concatenate((left, right))
    parents = np.bincount(children[children >= 0], minlength=len(left))
    free, taken = np.flatnonzero(parents == 0), 0
    while len(free):
        taken += len(free)
        below = np.concatenate((left[free], right[free]))
        below = below[below >= 0]
        np.subtract.at(parents, below, 1)
        below = np.unique(below)
        free = below[parents[below] == 0]
    return taken == len(left)


def _ensembles(model: bytes) -> Iterator[tuple[bytes, Attributes]]:
    """Each operator of trees, with its lists of whole numbers and of texts."""
    for number, _, value in _fields(memoryview(model)):
        if number == _MODEL_GRAPH:
            yield from _of_nodes(value, _GRAPH_NODE, 0)
        elif number == _MODEL_FUNCTIONS:
            yield from _of_nodes(value, _FUNCTION_NODE, 0)


def _of_nodes(graph: memoryview, member: int, depth: int) -> Iterator[tuple[bytes, Attributes]]:
    _require(depth < _DEEPEST, "its graphs are nested too deep")
    for number, _, node in _fields(graph):
        if number != member:
            continue
        members = list(_fields(node))
        kind = next((bytes(value) for n, _, value in reversed(members) if n == _NODE_TYPE), b"")
        given = [value for n, _, value in members if n == _NODE_ATTRIBUTE]
        if kind in (*_OLD, _NEW):
            yield kind, _attributes(given)
        for each in given:
            for n, _, value in _fields(each):
                if n in (_GRAPH, _GRAPHS):
                    yield from _of_nodes(value, _GRAPH_NODE, depth + 1)


def _attributes(given: list[memoryview]) -> Attributes:
    found: Attributes = {}
    for each in given:
        name = ""
        values: list[Any] = []
        for number, wire, value in _fields(each):
            if number == _NAME:
                name = bytes(value).decode()
            elif number == _STRINGS:
                values.append(bytes(value))
            elif number == _INTS:
                values += _packed(value) if wire == _BYTES else [value]
        _require(name not in found, f"{name} is given twice")
        found[name] = values
    return found


def _fields(data: memoryview) -> Iterator[tuple[int, int, Any]]:
    """Number, wire type and value of each member of a message."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, place = _varint(data, place)
            yield number, wire, value
            continue
        if wire == _BYTES:
            size, place = _varint(data, place)
        elif wire in (_EIGHT, _FOUR):
            size = 8 if wire == _EIGHT else 4
        else:
            raise ValueError(f"no ONNX: wire type {wire}")
        if place + size > len(data):
            raise ValueError("no ONNX: a member is longer than the file")
        yield number, wire, data[place : place + size]
        place += size


def _packed(data: memoryview) -> list[int]:
    place, values = 0, []
    while place < len(data):
        value, place = _varint(data, place)
        values.append(value)
    return values


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & (2**64 - 1), place
        shift += 7
    raise ValueError("no ONNX: a number is too long")


def _whole(attributes: Mapping[str, list[Any]], name: str) -> Any:  # noqa: ANN401
    return np.array(attributes[name], dtype=np.uint64).astype(np.int64)


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise ModelError(f"The trees are damaged: {otherwise}. Save the model again.", 500)
