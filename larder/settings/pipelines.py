"""Settings of ``pipelines``, which looks, computes and records, and of ``pipeline_publisher``."""

from __future__ import annotations

from dataclasses import dataclass

from larder.settings.base import Settings


@dataclass(frozen=True, kw_only=True)
class PipelinesSettings(Settings):
    """The steps of a run that read events.

    Attributes:
        registry_table: where the ledger is.
        offline_bucket: where rows are staged.
        glue_database: the database that a table without one is of.
        workgroup: the Athena workgroup that computes.
        definitions_bucket: bucket of the declared pipelines' document.
        definitions_key: its key there.
        records_table: the online store, which is compared with the history.
        account_id: the account of the stage.
        region: its region.
        partition: its partition, such as ``aws``.
        spark_minutes: how long the stage's Spark job may run; 0 where it has none.
        spark_from_bytes: from how many bytes on ``engine: auto`` uses it; 0 for never.
    """

    registry_table: str
    offline_bucket: str
    glue_database: str
    workgroup: str
    definitions_bucket: str
    definitions_key: str
    records_table: str
    account_id: str
    region: str
    partition: str
    spark_minutes: int = 0
    spark_from_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class PipelinePublisherSettings(Settings):
    """The step that writes both stores, by the data plane's own code.

    It writes to DynamoDB alone: the in-memory tier gets the records from their stream.
    """

    registry_table: str
    records_table: str
    account_id: str
    region: str
    partition: str
    offline_bucket: str
