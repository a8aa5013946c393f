"""Alarms and graphs of the in-memory tier: what makes reads fall back to DynamoDB."""

from collections.abc import Iterator
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from larder.telemetry.metrics import Metric
from stacks.config import StageConfig
from stacks.memory.projection import MemoryProjectionStack
from stacks.memory.store import MemoryStoreStack
from stacks.observability.watch import PERIOD, Watch, platform_metric

_NEAR: Final = 0.8
_BEHIND: Final = Duration.minutes(1)
_OPENINGS: Final = 5
_FAILING_PERIODS: Final = 3
_OF_READS: Final = (Metric.MEMORY_HITS, Metric.MEMORY_MISSES)
_OF_FAULTS: Final = (
    Metric.MEMORY_UNANSWERED,
    Metric.MEMORY_KEPT_BACK,
    Metric.MEMORY_LATE_WRITES,
    Metric.MEMORY_BREAKER_OPENED,
)
_OF_REPAIRS: Final = (Metric.MEMORY_REPAIRS, Metric.MEMORY_REPAIRS_FAILED)


def memory_watches(config: StageConfig, projection: MemoryProjectionStack) -> Iterator[Watch]:
    """The tier's alarms; the projector's errors and throttles are watched as every function's."""
    yield from _of_the_cache(projection.memory)
    yield from _near_limits(projection.memory)
    yield Watch(
        name="RepairsBehind",
        metric=_age_of_repairs(projection),
        meaning="the cache is repaired a minute late; reads may be as stale, five minutes at most",
        threshold=_BEHIND.to_milliseconds(),
    )
    yield Watch(
        name="CacheAvoided",
        metric=platform_metric(config, "runtime", Metric.MEMORY_BREAKER_OPENED),
        meaning="the data plane stops asking the cache again and again: it is slow or unreachable",
        threshold=_OPENINGS,
    )
    yield Watch(
        name="RepairsFail",
        metric=platform_metric(config, "memory_projector", Metric.MEMORY_REPAIRS_FAILED),
        meaning="the cache does not take repairs; they are tried again for ten minutes",
        periods=_FAILING_PERIODS,
    )


def _of_the_cache(memory: MemoryStoreStack) -> Iterator[Watch]:
    yield Watch(
        name="CacheThrottled",
        metric=_of_cache(memory, "ThrottledCmds", "Sum"),
        meaning="the cache refuses commands: the load grew faster than it, or reached its maximum",
    )
    yield Watch(
        name="CacheEvicts",
        metric=_of_cache(memory, "Evictions", "Sum"),
        meaning="records leave the cache before their time: raise max_storage_gb",
    )


def _near_limits(memory: MemoryStoreStack) -> Iterator[Watch]:
    yield Watch(
        name="CacheNearlyBusy",
        metric=_of_cache(memory, "ElastiCacheProcessingUnits", "Sum"),
        meaning="80 % of max_ecpu_per_second are used; above it the cache throttles",
        threshold=_NEAR * memory.tier.max_ecpu_per_second * PERIOD.to_seconds(),
    )
    yield Watch(
        name="CacheNearlyFull",
        metric=_of_cache(memory, "BytesUsedForCache", "Maximum"),
        meaning="80 % of max_storage_gb are used; above it the cache evicts",
        threshold=_NEAR * memory.tier.max_storage_gb * 10**9,
    )


def memory_widgets(
    config: StageConfig, projection: MemoryProjectionStack
) -> list[cloudwatch.IWidget]:
    """What the cache does and holds, how late its repairs are, and what functions see of it."""
    return [
        *_graphs_of_the_cache(projection.memory),
        cloudwatch.GraphWidget(
            title="In-memory tier: age of the oldest repair not yet made (ms)",
            left=[_age_of_repairs(projection)],
        ),
        cloudwatch.GraphWidget(
            title="In-memory tier: records, as the data plane saw them",
            left=[platform_metric(config, "runtime", name) for name in _OF_READS],
            right=[platform_metric(config, "runtime", name) for name in _OF_FAULTS],
        ),
        cloudwatch.GraphWidget(
            title="In-memory tier: repairs",
            left=[platform_metric(config, "memory_projector", name) for name in _OF_REPAIRS],
        ),
    ]


def _graphs_of_the_cache(memory: MemoryStoreStack) -> list[cloudwatch.IWidget]:
    counts = ("CacheHits", "ThrottledCmds", "Evictions")
    return [
        cloudwatch.GraphWidget(
            title="In-memory tier: hits, throttles and evictions",
            left=[_of_cache(memory, name, "Sum") for name in counts],
            right=[_of_cache(memory, "CacheHitRate", "Average")],
        ),
        cloudwatch.GraphWidget(
            title="In-memory tier: use and size",
            left=[_of_cache(memory, "ElastiCacheProcessingUnits", "Sum")],
            right=[_of_cache(memory, "BytesUsedForCache", "Maximum")],
        ),
    ]


def _age_of_repairs(projection: MemoryProjectionStack) -> cloudwatch.Metric:
    return projection.projector.metric("IteratorAge", statistic="Maximum", period=PERIOD)


def _of_cache(memory: MemoryStoreStack, name: str, statistic: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="AWS/ElastiCache",
        metric_name=name,
        dimensions_map={"clusterId": memory.cache.ref},
        statistic=statistic,
        period=PERIOD,
    )
