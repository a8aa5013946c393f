"""``larder cost``: a month's bill by endpoint and scale, as a table or as JSON."""

from __future__ import annotations

import argparse
from dataclasses import asdict, fields, replace
from pathlib import Path

import orjson

from larder.cli.stage_choices import read_choices
from larder.cost.bills import Biller
from larder.cost.pipelines import Assumed, as_json, month_of, pipeline_table
from larder.cost.price_list import OURS, PriceList
from larder.cost.report import document, table
from larder.cost.terms import Function, StageChoices, Standing, Workload
from larder.errors import ConfigurationError

_MEMORY_MB = 512
_ABOUT = (
    "Computes; asks AWS for nothing. Every row serves the same workload. With --choices the "
    "function's memory and what costs while no one calls are those of a stage, counted in its "
    "templates. Prices are those of us-east-1 in larder/cost/prices.yaml, each with source and "
    "date; sums with an unconfirmed price are marked '?'."
)


def set_up(parser: argparse.ArgumentParser) -> None:
    """Add the command's description and options."""
    parser.description = _ABOUT
    parser.add_argument(
        "--choices",
        type=Path,
        metavar="FILE",
        help="a stage's choices, as `python -m stacks STAGE` of the platform's repository prints "
        "them; - is the standard input",
    )
    _add_workload(parser)
    parser.add_argument(
        "--memory-mb", type=int, help="of the function (default: the stage's, or 512)"
    )
    parser.add_argument(
        "--function-ms", type=float, help="a request takes, in place of the model's"
    )
    parser.add_argument("--batch-function-ms", type=float, help="a batch takes, likewise")
    _add_assumed(parser)
    parser.add_argument("--prices", type=Path, default=OURS, help="a price list of your own")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.set_defaults(run=_cost)


def _add_workload(cost: argparse.ArgumentParser) -> None:
    cost.add_argument("--scale", choices=["S", "M", "L"], default="M", help="default: %(default)s")
    for name, meaning in (
        ("reads", "millions of records read in a month"),
        ("writes", "millions of records written in a month"),
        ("gb", "GB in the online store"),
    ):
        cost.add_argument(f"--{name}", type=float, help=f"{meaning} (default: the scale's)")
    cost.add_argument("--record-kb", type=float, default=1.0, help="default: %(default)s")
    cost.add_argument(
        "--hot-share", type=float, help="of the records are in the in-memory tier (default: 0.1)"
    )
    cost.add_argument(
        "--hit-rate", type=float, help="of the reads are answered from the tier (default: 0.9)"
    )
    cost.add_argument(
        "--eventual", action="store_true", help="reads by every endpoint are eventual"
    )
    cost.add_argument("--direct-writes", action="store_true", help="writes go straight to DynamoDB")


def _add_assumed(cost: argparse.ArgumentParser) -> None:
    for name, meaning in (
        ("scan_gb", "GB that Athena scans in a pipeline's run"),
        ("run_seconds", "seconds that a run's functions take in all"),
        ("look_seconds", "seconds that a look's functions take in all"),
        ("dpus", "data processing units of a Spark run's job"),
        ("glue_minutes", "minutes that the job takes"),
    ):
        default = getattr(Assumed(), name)
        flag = "--" + name.replace("_", "-")
        cost.add_argument(flag, type=float, help=f"{meaning} (default: {default:g})")


def _cost(options: argparse.Namespace) -> int:
    prices = PriceList.read(options.prices)
    use = _workload(options, prices)
    stage = read_choices(options.choices) if options.choices else None
    function = _function(options, prices, stage)
    standing = stage.standing if stage else Standing()
    bills = list(Biller(prices.prices, function, standing).bills(use))
    assumed, declared = _assumed(options), stage.pipelines if stage else None
    told = list(month_of(prices.prices, declared, assumed)) if declared else []
    if options.json:
        found = document(prices, use, function, bills)
        found["pipelines"] = {"assumed": asdict(assumed), "bills": list(map(as_json, told))}
        print(orjson.dumps(found).decode())
    else:
        print("\n".join([*table(prices, use, function, bills), *pipeline_table(told, assumed)]))
    return 0


def _workload(options: argparse.Namespace, prices: PriceList) -> Workload:
    scale = dict(prices.scales[options.scale])
    asked = {name: getattr(options, name) for name in ("reads", "writes", "gb")}
    use = Workload(
        **{**scale, **{name: value for name, value in asked.items() if value is not None}},
        record_kb=options.record_kb,
        eventual=options.eventual,
        direct_writes=options.direct_writes,
    )
    shares = {name: getattr(options, name) for name in ("hot_share", "hit_rate")}
    use = replace(use, **{name: value for name, value in shares.items() if value is not None})
    for name, most in (("reads", None), ("writes", None), ("gb", None), ("hot_share", 1)):
        _check(name, getattr(use, name), most)
    _check("hit_rate", use.hit_rate, 1)
    _check("record_kb", use.record_kb, 400)
    return use


def _assumed(options: argparse.Namespace) -> Assumed:
    names = [each.name for each in fields(Assumed)]
    given = {name: value for name in names if (value := getattr(options, name)) is not None}
    for name, value in given.items():
        _check(name, value, None)
    return Assumed(**given)


def _check(name: str, value: float, most: float | None) -> None:
    if value < 0 or (most is not None and value > most):
        flag = "--" + name.replace("_", "-")
        bound = "" if most is None else f" and at most {most:g}"
        raise ConfigurationError(f"{flag}: {value:g} must be at least 0{bound}.")


def _function(
    options: argparse.Namespace, prices: PriceList, stage: StageChoices | None
) -> Function:
    memory = options.memory_mb or (stage.memory_mb if stage else _MEMORY_MB)
    if not 128 <= memory <= 10_240:
        raise ConfigurationError(f"--memory-mb: {memory} must be 128 to 10240, as Lambda has it.")
    function = prices.function(memory)
    single, batch = options.function_ms, options.batch_function_ms
    if single is not None:
        function = replace(function, get_ms=single, put_ms=single)
    if batch is not None:
        function = replace(function, batch_get_ms=batch, batch_write_ms=batch)
    return function
