"""What each stage chooses. Stacks read choices; they never ask for the stage's name."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aws_cdk import Environment, RemovalPolicy, Stack
from aws_cdk import aws_logs as logs

from stacks.choices import (
    AccessChoices,
    AlarmChoices,
    DataChoices,
    ForwardingChoices,
    InMemoryTier,
    ModelChoices,
    OfflineChoices,
    PipelineChoices,
    ServingChoices,
)
from stacks.constructs.layer_archive import LAMBDA, ROOT, Target

SAGEMAKER_DATABASE: Final = "sagemaker_featurestore"
"""The Glue database in which SageMaker makes the tables of feature groups."""


@dataclass(frozen=True, kw_only=True)
class StageConfig:
    """One complete deployment of Larder: its name, and its choices by subject."""

    name: str
    """The stage's name, part of the names of its stacks, database and workgroup."""

    data: DataChoices
    """How long data are kept, and what protects them."""

    serving: ServingChoices
    """The HTTP API and its functions."""

    offline: OfflineChoices
    """The offline store."""

    alarms: AlarmChoices
    """Whom the alarms notify, and when."""

    log_retention: logs.RetentionDays
    """How long the log groups of functions and API keep their events."""

    access: AccessChoices = field(default_factory=AccessChoices)
    """Who may do what with feature groups."""

    forwarding: ForwardingChoices = field(default_factory=ForwardingChoices)
    """Operations that are forwarded to SageMaker."""

    models: ModelChoices = field(default_factory=ModelChoices)
    """Models and the functions that take them in and serve them."""

    pipelines: PipelineChoices = field(default_factory=PipelineChoices)
    """Feature pipelines."""

    definitions: Path = ROOT / "features"
    """The folder of definition files."""

    predictions: Path = ROOT / "predictions"
    """The folder of predictions' files; a stage may have none."""

    trainings: Path = ROOT / "trainings"
    """The folder of trainings' files; a stage may have none."""

    in_memory: InMemoryTier | None = None
    """The tier ``InMemory``; without it such feature groups live in DynamoDB alone."""

    env: Environment | None = None
    """The account and Region; by default those of the credentials that deploy."""

    target: Target = LAMBDA
    """The machine and the Python that functions run on."""

    @property
    def data_removal_policy(self) -> RemovalPolicy:
        """What happens to tables, buckets and the key when their stack is deleted."""
        return RemovalPolicy.RETAIN if self.data.retain else RemovalPolicy.DESTROY

    @property
    def missing_grants_deny(self) -> bool:
        """Whether a feature group without grants is closed to all but administrators."""
        chosen = self.access.missing_grants_deny
        return self.data.retain if chosen is None else chosen

    @property
    def database_name(self) -> str:
        """The Glue database, named physically because people type it in SQL."""
        return SAGEMAKER_DATABASE if self.offline.sagemaker_names else f"larder_{self.name}"

    def other_buckets(self, stack: Stack) -> tuple[str, ...]:
        """Buckets that may hold offline data beside the platform's own, as ``stack`` sees them."""
        default = f"sagemaker-{stack.region}-{stack.account}"
        named = self.offline.other_buckets
        return (*named, default) if self.offline.sagemaker_names else named


_DEV: Final = StageConfig(
    name="dev",
    data=DataChoices(retain=False, noncurrent_version_days=7),
    serving=ServingChoices(
        api_rate_limit=200,
        api_burst_limit=400,
        control_memory_mb=512,
        runtime_memory_mb=512,
    ),
    offline=OfflineChoices(memory_mb=1_024, window_seconds=15, scan_limit_gb=10),
    alarms=AlarmChoices(topic=False, latency_ms=2_000),
    log_retention=logs.RetentionDays.ONE_WEEK,
)

_PROD: Final = StageConfig(
    name="prod",
    data=DataChoices(retain=True, noncurrent_version_days=30),
    serving=ServingChoices(
        api_rate_limit=5_000,
        api_burst_limit=5_000,
        control_memory_mb=1_024,
        runtime_memory_mb=1_769,
        # of the usual quota of 1,000, of which Lambda keeps 100 unreserved
        control_concurrency=50,
        runtime_concurrency=400,
    ),
    offline=OfflineChoices(memory_mb=1_769, window_seconds=20, scan_limit_gb=1_000),
    alarms=AlarmChoices(topic=True, latency_ms=500),
    log_retention=logs.RetentionDays.THREE_MONTHS,
    access=AccessChoices(administrators=("role/LarderAdministrator",)),
    in_memory=InMemoryTier(max_storage_gb=50, max_ecpu_per_second=100_000),
)

STAGES: Final = {config.name: config for config in (_DEV, _PROD)}
"""The stages that ``cdk synth`` makes, by name."""
