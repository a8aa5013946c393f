"""What a bill is made of: prices, a workload, its function, and what costs while idle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Final

VCPU_MB: Final = 1769
"""Memory at which a function has one vCPU. Source: AWS, "Configure Lambda function memory"."""


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for ``per``, who says so and when; ``unconfirmed`` where no source confirms it."""

    usd: float
    per: str
    source: str
    date: str
    unconfirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A month's use. ``reads`` and ``writes`` are millions of records, ``gb`` what is online.

    ``hot_share`` of the records (0 to 1) are kept in the in-memory tier where there is one.
    ``hit_rate`` of all reads are answered from it. ``eventual`` reads of DynamoDB cost half;
    Larder's own are strongly consistent unless a caller says otherwise. ``direct_writes`` go past
    the Python client, straight to DynamoDB.
    """

    reads: float
    writes: float
    gb: float
    record_kb: float = 1.0
    hot_share: float = 0.1
    hit_rate: float = 0.9
    eventual: bool = False
    direct_writes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """The runtime function: memory, and how many milliseconds a request of each kind is billed."""

    memory_mb: int
    get_ms: float
    batch_get_ms: float
    put_ms: float
    batch_write_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a stage has while idle.

    ``resources`` counts the templates' resources by CloudFormation type, ``provisioned`` the
    function's environments that are kept started; ``snapshots`` are kept of its newest version.
    """

    resources: Mapping[str, int] = field(default_factory=dict)
    provisioned: int = 0
    snapshots: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Of the pipelines' state machine: states that are entered, and functions that are called."""

    transitions: int
    functions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredPipeline:
    """What a pipeline does in a month: looks, runs that compute, and consistency checks."""

    name: str
    engine: str
    looks: float
    runs: float
    comparisons: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipelines:
    """The pipelines of a stage, what ``look`` and ``run`` take of its machine, and its functions.

    ``spark_run`` is what a run takes that may use Spark. ``ages`` is how often in a month a
    function tells how old the data are.
    """

    memory_mb: int
    look: Steps
    run: Steps
    spark_run: Steps
    ages: float
    declared: tuple[DeclaredPipeline, ...]


@dataclass(frozen=True, slots=True)
class StageChoices:
    """The memory of the runtime function, what the stage has while idle, and its pipelines."""

    memory_mb: int
    standing: Standing
    pipelines: Pipelines | None = None


def billed_ms(cpu_ms: float, wait_ms: float, memory_mb: int) -> int:
    """Whole milliseconds that a request is billed, by a model: no function was measured for it.

    Lambda gives CPU in proportion to memory, one vCPU at ``VCPU_MB``; the handler is one thread, so
    that more helps no further. Waiting takes as long at any memory.
    """
    return ceil(wait_ms + cpu_ms * VCPU_MB / min(memory_mb, VCPU_MB))


def gb_seconds(memory_mb: int, milliseconds: float) -> float:
    """What a million such invocations use, in millions of GB-seconds."""
    return memory_mb / 1024 * milliseconds / 1000
