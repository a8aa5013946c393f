"""The choices of a stage, by subject. ``stacks.config`` puts them together and makes them.

Every field says what it decides and in which unit. A field without a default must be chosen.
"""

import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from larder.errors import ConfigurationError
from stacks.principals import principal_problem
from stacks.runtime_start import Provisioned, RuntimeStart, Start

_STREAM: Final = re.compile(r"arn:[\w-]+:dynamodb:[\w-]+:\d{12}:table/[\w.-]{3,255}/stream/\S+")


@dataclass(frozen=True, kw_only=True)
class RestoredTables:
    """Tables that were restored beside the stage's own, and are used in their place.

    Each is named by the ARN of its stream, which has the table's name in it. ``larder restore``
    makes them, switches on what a restored table lacks, and prints this choice (docs/restore.md).

    Raises:
        ConfigurationError: a text is no ARN of a stream.
    """

    registry: str = ""
    """The registry's; where it is empty the stage's own table is used."""

    records: str = ""
    """The records table's; as above."""

    def __post_init__(self) -> None:
        """Refuse at synth what would fail in the middle of a deployment."""
        for name in ("registry", "records"):
            if (text := getattr(self, name)) and not _STREAM.fullmatch(text):
                raise ConfigurationError(
                    f"data.restored.{name}: {text!r} is not the ARN of a DynamoDB stream, "
                    "arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/LABEL; `larder restore` "
                    "prints it"
                )

    @property
    def epoch(self) -> str:
        """Tells copies of these records from copies of any others; empty without a restore.

        It ends in a dot, which parts it from what follows in a key.
        """
        return f"{sha256(self.records.encode()).hexdigest()[:8]}." if self.records else ""


@dataclass(frozen=True, kw_only=True)
class DataChoices:
    """How long data are kept, and what protects them."""

    retain: bool
    """Keep tables, buckets and the key when their stack is deleted. Such a stage also protects its
    stacks from termination and its tables from deletion."""

    noncurrent_version_days: int
    """Days for which the offline bucket keeps a version of an object after it was replaced."""

    failed_batch_days: int = 400
    """Days for which failed batches and quarantined records are kept. It must exceed the time that
    an operator needs to notice and redrive them."""

    query_result_days: int = 30
    """Days for which results of Athena queries are kept."""

    prediction_days: int = 90
    """Days for which files of predictions' runs are kept: records, scores and reports, which name
    records. The scores stay in the groups that they were published in."""

    access_log_days: int = 90
    """Days for which access logs of the offline bucket are kept."""

    restored: RestoredTables = field(default_factory=RestoredTables)
    """Tables that took the place of the stage's own after a restore. The stage's own stay as they
    are, and leaving the choice out again goes back to them."""


@dataclass(frozen=True, kw_only=True)
class ServingChoices:
    """The HTTP API, its two functions, and other ways to call them.

    Raises:
        ConfigurationError: a number of executions is below 1 or below what is kept started.
    """

    api_rate_limit: int
    """Requests a second that the API accepts in the long run; it answers 429 to more."""

    api_burst_limit: int
    """Requests that the API accepts at once above the rate."""

    control_memory_mb: int
    """Memory of the control plane's function, in MB; its share of a CPU grows with it."""

    runtime_memory_mb: int
    """Memory of the data plane's function, in MB; 1,769 MB are one full vCPU."""

    control_concurrency: int | None = None
    """Executions of the control plane's function at once: so many are reserved of the account's
    quota, and it never has more. Without a number the account's quota is its only bound."""

    runtime_concurrency: int | None = None
    """The same of the data plane's function. It is the only throttle of the Function URL."""

    function_url: bool = False
    """Add a Function URL to the data plane: cheaper than the API, and without its throttle."""

    runtime_start: RuntimeStart = Start.ON_DEMAND
    """How execution environments of the data plane's function are made. Every choice but
    ``Start.ON_DEMAND`` costs money while there are no requests."""

    def __post_init__(self) -> None:
        """Refuse at synth what Lambda would refuse in the middle of a deployment."""
        for name in ("control_concurrency", "runtime_concurrency"):
            number = getattr(self, name)
            if number is not None and number < 1:
                raise ConfigurationError(
                    f"serving.{name}: {number} would stop the function; leave it out or give at "
                    "least 1"
                )
        start, most = self.runtime_start, self.runtime_concurrency
        if isinstance(start, Provisioned) and most is not None and start.environments > most:
            raise ConfigurationError(
                f"serving.runtime_start: provisioned:{start.environments} keeps more environments "
                f"than serving.runtime_concurrency, which is {most}: raise that, or keep fewer"
            )


@dataclass(frozen=True, kw_only=True)
class ModelChoices:
    """Models behind SageMaker's names: what is taken in, and the functions for it.

    Raises:
        ConfigurationError: a number of executions is outside its limits.
    """

    buckets: tuple[str, ...] = ()
    """Existing buckets that artefacts of models are read from, such as MLflow's
    ``mlflow-sagemaker-REGION-ACCOUNT``. Beside them: the folder ``model-data/`` of the platform's
    bucket, and the buckets that offline data may lie in."""

    capture_buckets: tuple[str, ...] = ()
    """Existing buckets that data capture may write to, beside the folder ``exposures/captures/`` of
    the platform's bucket."""

    import_memory_mb: int = 2_048
    """Memory of the function that takes in models, in MB."""

    inference_memory_mb: int = 1_769
    """Memory of the function that serves endpoints, in MB; 1,769 MB are one full vCPU."""

    inference_concurrency: int | None = None
    """As ``runtime_concurrency``, of the function that serves endpoints."""

    scoring_memory_mb: int = 3_538
    """Memory of the function that scores shards of predictions, in MB."""

    comparison_memory_mb: int = 3_538
    """Memory of the function that compares trained models, in MB."""

    transform_buckets: tuple[str, ...] = ()
    """Existing buckets that transform jobs read and write, beside the folder ``transforms/`` of the
    platform's bucket and the buckets that offline data may lie in. Who may serve a model may
    have its jobs read and write there. Monitoring reads and writes people's documents there too.
    Objects have their bucket's own encryption."""

    transform_memory_mb: int = 1_769
    """Memory of the function that scores the records of transform jobs, in MB."""

    transform_concurrency: int = 20
    """Tasks of one transform job at a time at most: each is a call of that function. A job that
    asks for fewer, by MaxConcurrentTransforms times InstanceCount, has fewer."""

    two_persons: bool = False
    """Ask for another approver of a model package than the principal that registered it."""

    def __post_init__(self) -> None:
        """Refuse at synth what Lambda would refuse in the middle of a deployment."""
        number = self.inference_concurrency
        if number is not None and number < 1:
            raise ConfigurationError(
                f"models.inference_concurrency: {number} would stop the function; leave it out or "
                "give at least 1"
            )
        if not 1 <= self.transform_concurrency <= _MOST_TASKS:
            raise ConfigurationError(
                f"models.transform_concurrency: {self.transform_concurrency} is not between 1 and "
                f"{_MOST_TASKS}"
            )


_MOST_TASKS: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class PipelineChoices:
    """Feature pipelines: what they may read, and what Spark computes of them.

    A stage has a Spark job only where a definition may use it.

    Raises:
        ConfigurationError: a number is outside its limits.
    """

    source_buckets: tuple[str, ...] = ()
    """Existing buckets where tables of events have their files, beside the folder ``sources/`` of
    the platform's bucket. A key of their own must let the role of the function ``pipelines`` use
    it."""

    spark_from_bytes: int | None = None
    """Bytes of an interval's files from which on a pipeline with ``engine: auto`` is computed by
    Spark. Without a number such a pipeline is always computed by Athena. Tables without snapshots
    count 0 bytes: their definitions must say ``engine: spark``."""

    spark_workers: int = 2
    """Workers of type G.1X (one DPU each) that a Spark job has: 2 to 100. Each costs money while a
    job runs, and nothing between jobs."""

    spark_minutes: int = 120
    """Minutes (5 to 2,880) after which a Spark job is stopped. A killed run's interval is free
    again that long and 45 minutes after its job was started."""

    def __post_init__(self) -> None:
        """Refuse at synth what Glue would refuse in the middle of a deployment."""
        for name, least, most in _SPARK_LIMITS:
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                raise ConfigurationError(
                    f"pipelines.{name}: {value} is not between {least} and {most}"
                )


_SPARK_LIMITS: Final = (
    ("spark_from_bytes", 1, 10**15),
    ("spark_workers", 2, 100),
    ("spark_minutes", 5, 2_880),
)


@dataclass(frozen=True, kw_only=True)
class OfflineChoices:
    """The offline store: its writer, its tables and the queries over them."""

    memory_mb: int
    """Memory of each function that works on offline tables, in MB."""

    window_seconds: int
    """Seconds for which the stream may gather records for one commit of the offline writer.
    SageMaker promises 15 minutes from a write to the offline store, Larder one."""

    scan_limit_gb: int
    """Gigabytes that one Athena query of the workgroup may scan before it is cancelled."""

    snapshot_days: int = 7
    """Days for which an offline table can be queried as it was: every state of the last hours,
    then one state an hour."""

    pinned_snapshot_days: int = 400
    """Days for which a training set can be rebuilt from the snapshots that it was made of."""

    orphan_hours: int = 72
    """Age in hours at which files that no snapshot names are removed."""

    other_buckets: tuple[str, ...] = ()
    """Existing buckets that an ``OfflineStoreConfig`` may name beside the platform's own."""

    other_databases: tuple[str, ...] = ()
    """Existing Glue databases that a ``DataCatalogConfig`` may name beside the platform's own."""

    sagemaker_names: bool = False
    """Use the names that SageMaker's programs rely on, so that they run with the endpoint alone
    changed. The Glue database is ``sagemaker_featurestore``, and an ``S3Uri`` may be in the
    account's default bucket, ``sagemaker-REGION-ACCOUNT``. The deployment makes the database, so it
    fails where SageMaker's own Feature Store has made it before. Objects in the default bucket
    have that bucket's encryption, not the platform's key."""


@dataclass(frozen=True, kw_only=True)
class AlarmChoices:
    """Which alarms notify, whom they notify, and from which latency on."""

    topic: bool
    """Make an SNS topic that every alarm notifies. Without it alarms show in the console only."""

    latency_ms: int
    """Milliseconds of latency at which the latency alarms of the API and the URL go off."""

    email: str | None = None
    """An address that is subscribed to the topic."""


@dataclass(frozen=True, kw_only=True)
class AccessChoices:
    """Who may do what with feature groups, beyond the grants on each of them.

    Raises:
        ConfigurationError: a pattern is malformed.
    """

    administrators: tuple[str, ...] = ()
    """Principals that may do everything with every feature group, as the account's root user may:
    ``role/Name`` or ``user/Name`` of the stage's account, or ARN patterns
    (``larder.access.grants``). A stage that keeps its data needs at least one."""

    missing_grants_deny: bool | None = None
    """Close a feature group to all but administrators until something is granted on it. Otherwise
    such a group is open to every caller that IAM allows to call the API. By default it is closed
    where the stage keeps its data, and open elsewhere."""

    creators: tuple[str, ...] = ()
    """Principals, named as administrators are, that may create feature groups beside the
    administrators; ``"*"`` is every caller. By default every caller may where a group without
    grants is open, and administrators alone where it is closed."""

    def __post_init__(self) -> None:
        """Refuse a malformed principal at synth, and not when the first function starts."""
        for name in ("administrators", "creators"):
            for text in getattr(self, name):
                if problem := principal_problem(text):
                    raise ConfigurationError(f"access.{name}: {text!r}: {problem}")


@dataclass(frozen=True, kw_only=True)
class ForwardingChoices:
    """Operations of SageMaker that Larder does not have, and forwards to SageMaker itself."""

    sagemaker_endpoint: str = ""
    """The endpoint that they are forwarded to; they are refused where it is empty."""

    actions: tuple[str, ...] = ()
    """IAM actions that the control function may then do for its callers, such as
    ``sagemaker:ListModels``. Every caller of the API has them through it."""


@dataclass(frozen=True, kw_only=True)
class InMemoryTier:
    """The tier ``InMemory``: ElastiCache Serverless for Valkey, in a VPC of its own.

    It has no snapshots to choose: everything in it is in DynamoDB too.

    Raises:
        ConfigurationError: a number is outside the limits of ElastiCache.
    """

    max_storage_gb: int = 1
    """Gigabytes (1 to 5,000) at which the cache stops growing, and its bill too. A full cache
    evicts records, which are then read from DynamoDB."""

    max_ecpu_per_second: int = 5_000
    """ElastiCache processing units a second (1,000 to 15,000,000) above which the cache throttles,
    so that reads fall back to DynamoDB."""

    availability_zones: int = 2
    """Availability zones of the network and the cache: 2 or 3."""

    vpc_cidr: str = "10.64.0.0/20"
    """Address range of the network; it needs to be unique only where the network is peered."""

    projector_memory_mb: int = 512
    """Memory of the function that repairs the cache, in MB."""

    tls: bool = True
    """Connect to the cache by TLS. Only the local platform has none."""

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
