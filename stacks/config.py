"""What a stage chooses. Stacks read choices; they never ask for the stage's name."""

from dataclasses import dataclass
from typing import Final

from aws_cdk import Environment, RemovalPolicy
from aws_cdk import aws_logs as logs

from larder.access.grants import pattern_problem
from larder.errors import ConfigurationError
from stacks.constructs.layer_archive import LAMBDA, Target
from stacks.runtime_start import RuntimeStart, Start


@dataclass(frozen=True, kw_only=True)
class InMemoryTier:
    """The tier ``InMemory``: ElastiCache Serverless for Valkey, in a VPC of its own.

    ``max_storage_gb`` (1 to 5,000) and ``max_ecpu_per_second`` (1,000 to 15,000,000) are where the
    cache, and its bill, stop growing: above them it evicts and throttles, and reads fall back to
    DynamoDB. ``availability_zones`` is 2 or 3. It has no snapshots to choose: nothing is in it that
    is not in DynamoDB. ``tls`` is off only for the one machine, whose Valkey has none.

    Raises:
        ConfigurationError: a number is outside what ElastiCache takes.
    """

    max_storage_gb: int = 1
    max_ecpu_per_second: int = 5_000
    availability_zones: int = 2
    vpc_cidr: str = "10.64.0.0/20"
    projector_memory_mb: int = 512
    tls: bool = True

    def __post_init__(self) -> None:
        """Refuse at synth what ElastiCache would refuse in the middle of a deployment."""
        for name, least, most in _TIER_LIMITS:
            value = getattr(self, name)
            if not least <= value <= most:
                raise ConfigurationError(
                    f"in_memory.{name}: {value} is not between {least} and {most}"
                )


_TIER_LIMITS: Final = (
    ("max_storage_gb", 1, 5_000),
    ("max_ecpu_per_second", 1_000, 15_000_000),
    ("availability_zones", 2, 3),
)


@dataclass(frozen=True, kw_only=True)
class StageConfig:
    """One complete deployment of Larder.

    ``retain_data`` keeps tables, buckets and the key when their stack goes, protects the stacks
    from termination and the tables from deletion. ``target`` is where the functions run.
    ``offline_window_seconds`` is how long the stream may gather records for one commit of the
    offline writer; SageMaker allows itself 15 minutes, Larder promises one.
    ``failed_batch_days`` must exceed what an operator needs to notice and redrive.
    ``snapshot_days`` is how far back offline tables can be queried as they were (all states of the
    last hours, then one an hour), ``pinned_snapshot_days`` how long a training set can be rebuilt,
    ``orphan_hours`` the age at which files that no snapshot names are removed.
    ``alarm_email`` subscribes an address to the alarm topic, which exists where ``alarm_topic``.
    ``other_offline_buckets`` and ``other_databases`` (Glue) exist already, and are what an
    OfflineStoreConfig may name beside the platform's own.
    ``administrators`` are ARN patterns (``larder.access.grants``) of principals that may do all
    with every feature group, as the root user may; ``missing_grants_deny`` closes a group to
    everybody else until something is granted on it. ``forward_sagemaker_endpoint`` is where
    operations of SageMaker go that Larder has not; the control function then does what
    ``forwarded_sagemaker_actions`` allow (``sagemaker:ListModels``), for every caller of it.
    ``function_url`` opens a second, cheaper door to the data plane. ``runtime_start`` is how its
    function comes up: a choice but ``Start.ON_DEMAND`` costs while nobody calls. ``in_memory`` is
    the tier of that name; without it ``InMemory`` groups live in DynamoDB alone.
    """

    name: str
    retain_data: bool
    log_retention: logs.RetentionDays
    api_rate_limit: int
    api_burst_limit: int
    control_memory_mb: int
    runtime_memory_mb: int
    offline_memory_mb: int
    offline_window_seconds: int
    athena_scan_limit_gb: int
    noncurrent_version_days: int
    alarm_topic: bool
    latency_alarm_ms: int
    env: Environment | None = None
    target: Target = LAMBDA
    alarm_email: str | None = None
    failed_batch_days: int = 400
    snapshot_days: int = 7
    pinned_snapshot_days: int = 400
    orphan_hours: int = 72
    query_result_days: int = 30
    access_log_days: int = 90
    other_offline_buckets: tuple[str, ...] = ()
    other_databases: tuple[str, ...] = ()
    administrators: tuple[str, ...] = ()
    missing_grants_deny: bool = False
    forward_sagemaker_endpoint: str = ""
    forwarded_sagemaker_actions: tuple[str, ...] = ()
    function_url: bool = False
    runtime_start: RuntimeStart = Start.ON_DEMAND
    in_memory: InMemoryTier | None = None

    def __post_init__(self) -> None:
        """Refuse a pattern of ``administrators`` that is none."""
        for pattern in self.administrators:
            if problem := pattern_problem(pattern):
                raise ConfigurationError(f"{self.name}: administrators: {pattern!r}: {problem}")

    @property
    def data_removal_policy(self) -> RemovalPolicy:
        """What happens to tables, buckets and the key when their stack goes."""
        return RemovalPolicy.RETAIN if self.retain_data else RemovalPolicy.DESTROY

    @property
    def database_name(self) -> str:
        """The Glue database, named physically because people type it in SQL."""
        return f"larder_{self.name}"


_DEV: Final = StageConfig(
    name="dev",
    retain_data=False,
    log_retention=logs.RetentionDays.ONE_WEEK,
    api_rate_limit=200,
    api_burst_limit=400,
    control_memory_mb=512,
    runtime_memory_mb=512,
    offline_memory_mb=1024,
    offline_window_seconds=15,
    athena_scan_limit_gb=10,
    noncurrent_version_days=7,
    alarm_topic=False,
    latency_alarm_ms=2_000,
)

_PROD: Final = StageConfig(
    name="prod",
    retain_data=True,
    log_retention=logs.RetentionDays.THREE_MONTHS,
    api_rate_limit=5_000,
    api_burst_limit=5_000,
    control_memory_mb=1_024,
    runtime_memory_mb=1_769,  # one full vCPU
    offline_memory_mb=1_769,
    offline_window_seconds=20,
    athena_scan_limit_gb=1_000,
    noncurrent_version_days=30,
    alarm_topic=True,
    latency_alarm_ms=500,
    in_memory=InMemoryTier(max_storage_gb=50, max_ecpu_per_second=100_000),
)

STAGES: Final = {config.name: config for config in (_DEV, _PROD)}
