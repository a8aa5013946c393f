"""``larder lineage``: where a group's features come from, and what uses them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict

import orjson

from larder.cli.parsers import add_stage
from larder.extras import needs
from larder.pipelines.lineage.graph import Graph, Node, NodeKind
from larder.wiring.location import find_platform


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add options and description."""
    parser.description = (
        "Shows the columns that each feature of a pipeline is computed of, and the training sets, "
        "model packages and endpoints that use the group."
    )
    parser.add_argument("name", help="the feature group that the pipeline writes")
    add_stage(parser)
    parser.add_argument("--json", action="store_true", help="print nodes and edges as JSON")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    with needs("offline", "larder lineage"):
        from larder.wiring.lineage_graph import (  # noqa: PLC0415 - optional
            LineageSettings,
            lineage_graph,
        )

    settings = find_platform(options.stage).settings(LineageSettings)
    found = lineage_graph(settings, options.name)
    print(orjson.dumps(asdict(found)).decode() if options.json else "\n".join(lines(found)))
    return 0


def lines(graph: Graph) -> Iterator[str]:
    """A graph for a person: features with their columns, then what uses which features."""
    yield graph.group
    group = Node(NodeKind.GROUP, graph.group)
    for edge in graph.into(group):
        columns = ", ".join(
            f"{each.origin.name} ({each.how.lower()})" for each in graph.into(edge.origin)
        )
        yield f"  {_short(graph, edge.origin)} <- {columns or 'nothing'}"
    users = [each.target for each in graph.edges if each.origin == group]
    for user in users:
        used = [e.origin for e in graph.into(user) if e.origin.kind is NodeKind.FEATURE]
        names = ", ".join(_short(graph, each) for each in used)
        yield f"  -> {user.kind} {user.name}: {names or 'which features is not known'}"
    if not users:
        yield "  -> nothing uses it"


def _short(graph: Graph, feature: Node) -> str:
    return feature.name.removeprefix(f"{graph.group}.")
