"""``larder pipeline plan``: what definitions change of the pipelines that are deployed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

import larder
from larder.cli.parsers import Commands, add_stage
from larder.cli.text import size
from larder.cost.price_list import PriceList
from larder.extras import needs

if TYPE_CHECKING:
    from larder.declared.files import LocatedPipeline
    from larder.pipelines.backfill import Backfill
    from larder.pipelines.deployment import PipelinePlan
    from larder.pipelines.revision import Change


def add_plan(inner: Commands) -> None:
    """Add the command."""
    meaning = "show what a deployment changes of pipelines; refuse what makes rows wrong silently"
    plan = inner.add_parser(
        "plan",
        help=meaning,
        description=f"{meaning}. Exit status 1 where something is refused.".capitalize(),
    )
    plan.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path("features"),
        help="the definition files (default: %(default)s)",
    )
    add_stage(plan)
    plan.add_argument("--json", action="store_true", help="print JSON")
    plan.set_defaults(run=_plan)


def _plan(options: argparse.Namespace) -> int:
    with needs("pipelines", "larder pipeline plan"):
        from larder.declared.files import load_located  # noqa: PLC0415 - of an extra
        from larder.pipelines.lineage.columns import with_instants  # noqa: PLC0415

    files = {each.pipeline.group: each for each in load_located(options.folder)}
    with larder.connect(options.stage) as platform:
        plans = platform.pipelines.plan([with_instants(each.pipeline) for each in files.values()])
    refused = [line for each in plans for line in _refused(each, files.get(each.pipeline))]
    if options.json:
        documents = [_document(each, files.get(each.pipeline)) for each in plans]
        print(orjson.dumps(documents).decode())
    else:
        print("\n".join(_lines(plans)))
        for line in refused:
            print(f"larder: {line}", file=sys.stderr)
    return 1 if refused else 0


def _refused(plan: PipelinePlan, file: LocatedPipeline | None) -> list[str]:
    if file is None:
        return []
    return [f"{file.place(each.path)}: {each.text}" for each in plan.refusals]


def _document(plan: PipelinePlan, file: LocatedPipeline | None) -> dict[str, Any]:
    backfill = None
    if plan.backfill is not None:
        told = asdict(plan.backfill)
        del told["queries"]
        backfill = {**told, "usd": _dollars(plan.backfill)}
    return {
        "pipeline": plan.pipeline,
        "file": file.file if file else None,
        "fate": str(plan.fate),
        "deployed_revision": plan.deployed,
        "published_revision": plan.published,
        "revision": plan.revision,
        "changes": [_change(each) for each in plan.changes],
        "refusals": _refused(plan, file),
        "backfill": backfill,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "member": change.member,
        "before": change.before,
        "after": change.after,
        "makes_rows_wrong": change.is_wrong,
    }


def _lines(plans: Sequence[PipelinePlan]) -> Iterator[str]:
    if not plans:
        yield "no pipelines here, and none deployed"
    for plan in plans:
        yield f"{plan.pipeline}: {plan.fate}{_revision(plan)}"
        for each in plan.changes:
            wrong = "  (published rows are wrong by it)" if each.is_wrong and plan.published else ""
            yield f"  {each.member}: {_value(each.before)} -> {_value(each.after)}{wrong}"
        if plan.fate == "removed":
            yield "  nothing is computed any more; the group and its rows stay"
        if plan.backfill is not None:
            yield from _backfill(plan.backfill)


def _revision(plan: PipelinePlan) -> str:
    if plan.revision is None or plan.deployed in (None, plan.revision):
        return "" if plan.revision is None else f", revision {plan.revision}"
    return f", revision {plan.deployed} -> {plan.revision}"


def _backfill(backfill: Backfill) -> Iterator[str]:
    yield (
        f"  due then: {backfill.intervals:,} intervals, {backfill.after} to {backfill.until}, as "
        "schedules look or by larder pipeline run"
    )
    if backfill.bytes_read is None:
        yield f"  cost unknown: {backfill.unknown}"
        return
    yield (
        f"  Athena reads at most {size(backfill.bytes_read)} for it, "
        f"about ${_dollars(backfill):.2f} (larder/cost/prices.yaml)"
    )


def _dollars(backfill: Backfill) -> float | None:
    if backfill.bytes_read is None:
        return None
    prices = PriceList.read()
    return round(sum(map(prices.query, backfill.queries)), 5)


def _value(text: str | None) -> str:
    return "-" if text is None else text
