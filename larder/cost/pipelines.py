"""What the feature pipelines of a stage cost in a month, each by itself.

Looks, runs, states and calls are counted, of the definitions and of the state machine. What a run
reads and how long it takes is assumed, and said: it depends on the events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from larder.cost.terms import DeclaredPipeline, Pipelines, Price, gb_seconds

_PARTS: Final = ("schedule", "states", "function", "athena", "glue")
AGES: Final = "age of the data, every 5 minutes"
"""The row of the function that tells how old the data are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """Of each run: what Athena scans, how long its functions take, and its Glue job.

    ``dpus`` are the job's data processing units, one for each worker of type G.1X. A look's
    functions, and a check's or an age's, take ``look_seconds``.
    """

    scan_gb: float = 1.0
    run_seconds: float = 30.0
    look_seconds: float = 2.0
    dpus: float = 2.0
    glue_minutes: float = 5.0


@dataclass(frozen=True, slots=True)
class PipelineBill:
    """A pipeline's month in dollars, by part."""

    name: str
    engine: str
    looks: float
    runs: float
    parts: Mapping[str, float]

    @property
    def usd(self) -> float:
        """The sum."""
        return sum(self.parts.values())


def month_of(
    prices: Mapping[str, Price], stage: Pipelines, assumed: Assumed
) -> Iterator[PipelineBill]:
    """The bills of a stage's pipelines; none of a stage that has none."""
    for each in stage.declared:
        yield _bill(prices, stage, each, assumed)
    if stage.ages:
        used = _function(prices, stage, stage.ages, stage.ages * assumed.look_seconds)
        yield PipelineBill(AGES, "", 0, 0, dict.fromkeys(_PARTS, 0.0) | {"function": used})


def _bill(
    prices: Mapping[str, Price], stage: Pipelines, of: DeclaredPipeline, assumed: Assumed
) -> PipelineBill:
    on_spark = of.engine == "spark"
    run = stage.spark_run if on_spark else stage.run
    transitions = of.looks * stage.look.transitions + of.runs * run.transitions
    calls = of.looks * stage.look.functions + of.runs * run.functions + of.comparisons
    seconds = (of.looks + of.comparisons) * assumed.look_seconds + of.runs * assumed.run_seconds
    scanned = 0.0 if on_spark else of.runs * assumed.scan_gb / 1000
    hours = of.runs * assumed.dpus * assumed.glue_minutes / 60 if on_spark else 0.0
    parts = {
        "schedule": (of.looks + of.comparisons) / 1e6 * prices["schedule"].usd,
        "states": transitions / 1e6 * prices["state_transition"].usd,
        "function": _function(prices, stage, calls, seconds),
        "athena": scanned * prices["athena_scan"].usd,
        "glue": hours * prices["glue_dpu"].usd,
    }
    return PipelineBill(of.name, of.engine, of.looks, of.runs, parts)


def _function(prices: Mapping[str, Price], stage: Pipelines, calls: float, seconds: float) -> float:
    """Dollars of so many calls, which take so many seconds in all."""
    used = gb_seconds(stage.memory_mb, seconds * 1000 / 1e6)
    per_call = prices["lambda_request"].usd / 1e6
    return calls * per_call + used * prices["lambda_gb_seconds"].usd


def as_json(bill: PipelineBill) -> dict[str, Any]:
    """A bill as a document; cents of a cent are kept, since parts are small."""
    parts = {name: round(usd, 4) for name, usd in bill.parts.items()}
    return {**asdict(bill), "parts": parts, "usd": round(bill.usd, 4)}


def pipeline_table(bills: Sequence[PipelineBill], assumed: Assumed) -> Iterator[str]:
    """Lines for a terminal; none where there are no pipelines."""
    if not bills:
        return
    yield (
        f"\npipelines, US dollars a month; assumed of a run: {assumed.scan_gb:g} GB scanned by "
        f"Athena, {assumed.run_seconds:g} s in functions, on Spark {assumed.dpus:g} DPU for "
        f"{assumed.glue_minutes:g} min; `auto` is taken for Athena"
    )
    width = max(len(bill.name) for bill in bills) + 2
    heads = " ".join(f"{part:>9}" for part in _PARTS)
    yield f"{'':{width}} {'engine':>7} {'looks':>7} {'runs':>7} {'total':>9}  {heads}"
    for bill in bills:
        cells = " ".join(_cell(bill.parts[part]) for part in _PARTS)
        counts = f"{bill.engine:>7} {bill.looks:>7,.0f} {bill.runs:>7,.0f}"
        yield f"{bill.name:{width}} {counts} {bill.usd:>9,.2f}  {cells}".rstrip()


def _cell(usd: float) -> str:
    return f"{usd:>9,.3f}" if usd else f"{'-':>9}"
