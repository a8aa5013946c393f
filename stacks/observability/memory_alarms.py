"""Alarms and graphs of the in-memory tier: what makes reads fall back to DynamoDB."""

from collections.abc import Iterator
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from stacks.memory.projection import MemoryProjectionStack
from stacks.memory.store import MemoryStoreStack
from stacks.observability.watch import Watch

_PERIOD: Final = Duration.minutes(5)
_NEAR: Final = 0.8
_BEHIND: Final = Duration.minutes(1)


def memory_watches(projection: MemoryProjectionStack) -> Iterator[Watch]:
    """The tier's alarms; the projector's errors and throttles are watched as every function's."""
    memory = projection.memory
    yield Watch(
        name="RepairsBehind",
        metric=_age_of_repairs(projection),
        meaning="the cache is repaired a minute late; reads may be as stale, five minutes at most",
        threshold=_BEHIND.to_milliseconds(),
    )
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
    yield from _near_limits(memory)


def _near_limits(memory: MemoryStoreStack) -> Iterator[Watch]:
    yield Watch(
        name="CacheNearlyBusy",
        metric=_of_cache(memory, "ElastiCacheProcessingUnits", "Sum"),
        meaning="80 % of max_ecpu_per_second are used; above it the cache throttles",
        threshold=_NEAR * memory.tier.max_ecpu_per_second * _PERIOD.to_seconds(),
    )
    yield Watch(
        name="CacheNearlyFull",
        metric=_of_cache(memory, "BytesUsedForCache", "Maximum"),
        meaning="80 % of max_storage_gb are used; above it the cache evicts",
        threshold=_NEAR * memory.tier.max_storage_gb * 10**9,
    )


def memory_widgets(projection: MemoryProjectionStack) -> list[cloudwatch.IWidget]:
    """What the cache does and holds, and how late its repairs are."""
    memory = projection.memory
    return [
        cloudwatch.GraphWidget(
            title="In-memory tier: hits and trouble",
            left=[
                _of_cache(memory, name, "Sum")
                for name in ("CacheHits", "ThrottledCmds", "Evictions")
            ],
            right=[_of_cache(memory, "CacheHitRate", "Average")],
        ),
        cloudwatch.GraphWidget(
            title="In-memory tier: use and size",
            left=[_of_cache(memory, "ElastiCacheProcessingUnits", "Sum")],
            right=[_of_cache(memory, "BytesUsedForCache", "Maximum")],
        ),
        cloudwatch.GraphWidget(
            title="In-memory tier: age of the oldest repair not yet made (ms)",
            left=[_age_of_repairs(projection)],
        ),
    ]


def _age_of_repairs(projection: MemoryProjectionStack) -> cloudwatch.Metric:
    return projection.projector.metric("IteratorAge", statistic="Maximum", period=_PERIOD)


def _of_cache(memory: MemoryStoreStack, name: str, statistic: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="AWS/ElastiCache",
        metric_name=name,
        dimensions_map={"clusterId": memory.cache.ref},
        statistic=statistic,
        period=_PERIOD,
    )
