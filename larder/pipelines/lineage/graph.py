"""A pipeline's lineage as a graph: columns, features, the group, and what uses it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from larder.pipelines.lineage.uses import Columns


class NodeKind(StrEnum):
    """What a node is."""

    COLUMN = "column"
    FEATURE = "feature"
    GROUP = "feature-group"
    TRAINING_SET = "training-set"
    MODEL_PACKAGE = "model-package"
    ENDPOINT = "endpoint"


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """A thing of one kind by its name.

    A column's is ``database.table.column``, a feature's ``group.feature``, a package's
    ``group/version``.
    """

    kind: NodeKind
    name: str


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """The second thing is made of the first one, or uses it; of a column, ``how``."""

    origin: Node
    target: Node
    how: str = ""


@dataclass(frozen=True, slots=True)
class Consumer:
    """What uses a group; ``features`` is ``None`` where it is not known which ones."""

    kind: NodeKind
    name: str
    features: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes and edges, each once and sorted. Both ends of every edge are nodes."""

    group: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def into(self, node: Node) -> list[Edge]:
        """The edges that end at a node."""
        return [each for each in self.edges if each.target == node]


def graph_of(
    group: str, features: Iterable[str], columns: Columns, consumers: Iterable[Consumer]
) -> Graph:
    """The graph of a group with these features.

    A consumer may name a feature that the group has no more: it is a node too.
    """
    target = Node(NodeKind.GROUP, group)
    edges = {Edge(_feature(group, name), target) for name in {*features, *columns}}
    for name, uses in columns.items():
        for each in uses:
            column = f"{each.source.table}.{each.source.column}"
            origin = Node(NodeKind.COLUMN, column)
            edges.add(Edge(origin, _feature(group, name), str(each.how)))
    for consumer in consumers:
        node = Node(consumer.kind, consumer.name)
        edges.add(Edge(target, node))
        edges |= {Edge(_feature(group, name), node) for name in consumer.features or ()}
    nodes = {target, *(end for each in edges for end in (each.origin, each.target))}
    return Graph(group, tuple(sorted(nodes)), tuple(sorted(edges)))


def _feature(group: str, name: str) -> Node:
    return Node(NodeKind.FEATURE, f"{group}.{name}")
