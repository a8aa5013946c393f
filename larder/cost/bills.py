"""A month's bill by each endpoint: arithmetic over ``terms``. ``LEFT_OUT`` says what it ignores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Final

from larder.cost.terms import Function, Price, Standing, Workload, gb_seconds

HOURS: Final = 730.0
"""Of a month, as AWS's own calculator has it."""
READ_BATCH: Final = 100
WRITE_BATCH: Final = 25
"""Records of a BatchGetRecord and of a BatchWriteRecord; SageMaker's own limit of the latter."""
LEAST_CACHE_GB: Final = 0.1
LEFT_OUT: Final = (
    "free tiers and volume discounts",
    "data transfer, logs and traces",
    "the offline store: S3, Athena, the writer (about $0.01 per million writes) and stream reads",
    "cold starts, restores from snapshots, retries and refused writes",
    "backups (point-in-time recovery) and requests to the key",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One part of a bill, in dollars a month."""

    part: str
    usd: float
    unconfirmed: bool


@dataclass(frozen=True, slots=True)
class Bill:
    """A month by one endpoint; ``absent`` where the stage has it not."""

    door: str
    lines: tuple[Line, ...]
    absent: bool = False

    @property
    def usd(self) -> float:
        """The sum."""
        return sum(line.usd for line in self.lines)

    @property
    def unconfirmed(self) -> bool:
        """Whether a price in it is."""
        return any(line.unconfirmed for line in self.lines if line.usd)


@dataclass(frozen=True, slots=True)
class Biller:
    """Bills of a workload at these prices, by the function and what a stage has standing."""

    prices: Mapping[str, Price]
    function: Function
    standing: Standing = field(default_factory=Standing)

    def bills(self, use: Workload) -> Iterator[Bill]:
        """Every endpoint of Larder, dearest kind first, then both of SageMaker's prices."""
        store = tuple(self._store(use, use.eventual))
        idle = tuple(self._idle())
        for batched, how in ((False, "one record a request"), (True, "batches of 100 and 25")):
            for gateway, door in ((True, "API Gateway"), (False, "Function URL")):
                lines = (*self._door(use, gateway=gateway, batched=batched), *store, *idle)
                yield Bill(f"{door}, {how}", lines, not gateway and self._lacks(_URL))
        for eventual, how in ((False, "strong"), (True, "eventual")):
            lines = (*self._store(use, eventual), *idle)
            yield Bill(f"direct to DynamoDB, {how} reads", lines)
        lines = (*self._tier(use), *self._store(use, use.eventual, misses=1 - use.hit_rate), *idle)
        yield Bill("direct, in-memory tier before DynamoDB", lines, self._lacks(_CACHE))
        yield from self.sagemaker(use)

    def sagemaker(self, use: Workload) -> Iterator[Bill]:
        """The Standard tier on demand, as remembered and as a community's list has it."""
        storage = self._line("storage", "sagemaker_storage", use.gb)
        for suffix, name in (("", "remembered prices"), ("_listed", "a community's list")):
            reads = use.reads * ceil(use.record_kb / 4)
            writes = use.writes * ceil(use.record_kb)
            lines = (
                self._line("reads", f"sagemaker_read{suffix}", reads),
                self._line("writes", f"sagemaker_write{suffix}", writes),
                storage,
            )
            yield Bill(f"SageMaker Feature Store, {name}", lines)

    def _door(self, use: Workload, *, gateway: bool, batched: bool) -> Iterator[Line]:
        function = self.function
        kinds = [
            (use.reads / READ_BATCH, function.batch_get_ms)
            if batched
            else (use.reads, function.get_ms)
        ]
        if not use.direct_writes:
            kinds.append(
                (use.writes / WRITE_BATCH, function.batch_write_ms)
                if batched
                else (use.writes, function.put_ms)
            )
        requests = sum(count for count, _ in kinds)
        if gateway:
            yield self._line("door", "api_request", requests)
        yield self._line("function", "lambda_request", requests)
        used = sum(count * gb_seconds(function.memory_mb, each) for count, each in kinds)
        yield self._line("function", "lambda_gb_seconds", used)

    def _store(self, use: Workload, eventual: bool, misses: float = 1.0) -> Iterator[Line]:
        units = ceil(use.record_kb / 4) * (0.5 if eventual else 1.0)
        yield self._line("reads", "dynamodb_read", use.reads * misses * units)
        yield self._line("writes", "dynamodb_write", use.writes * ceil(use.record_kb))
        yield self._line("storage", "dynamodb_storage", use.gb)

    def _tier(self, use: Workload) -> Iterator[Line]:
        commands = use.reads + use.writes * use.hot_share
        yield self._line("memory", "valkey_ecpu", commands * max(1.0, use.record_kb))
        kept = max(LEAST_CACHE_GB, use.gb * use.hot_share)
        yield self._line("memory", "valkey_storage", kept * HOURS)

    def _idle(self) -> Iterator[Line]:
        for kind, price in _STANDING.items():
            if count := self.standing.resources.get(kind, 0):
                yield self._line("standing", price, count)
        month = gb_seconds(self.function.memory_mb, HOURS * 3600 * 1000) / 1e6
        if self.standing.provisioned:
            yield self._line("standing", "lambda_provisioned", self.standing.provisioned * month)
        if self.standing.snapshots:
            yield self._line("standing", "snapshot_cache", month)

    def _lacks(self, kind: str) -> bool:
        return bool(self.standing.resources) and kind not in self.standing.resources

    def _line(self, part: str, price: str, quantity: float) -> Line:
        found = self.prices[price]
        return Line(part, found.usd * quantity, found.unconfirmed)


_URL: Final = "AWS::Lambda::Url"
_CACHE: Final = "AWS::ElastiCache::ServerlessCache"
_STANDING: Final = {
    "AWS::KMS::Key": "kms_key",
    "AWS::CloudWatch::Alarm": "alarm",
    "AWS::CloudWatch::Dashboard": "dashboard",
}
