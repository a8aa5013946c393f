"""Settings of ``control``, and the base of those of ``feature_groups``."""

from __future__ import annotations

from dataclasses import dataclass

from larder.settings.base import Settings


@dataclass(frozen=True, kw_only=True)
class ControlSettings(Settings):
    """The control plane: operations on groups, over the API or from CloudFormation.

    Attributes:
        offline_bucket: the platform's own bucket.
        other_offline_buckets: further buckets whose ``S3Uri`` is accepted.
        other_databases: further databases that a DataCatalogConfig may name.
        kms_key_arn: the platform's key, the only one that a request may name.
        max_feature_groups: the account quota.
        administrators: as for the data plane.
        missing_grants_deny: as for the data plane.
        creators: patterns of principals that may create groups, beside administrators; without any,
            all may where ``missing_grants_deny`` is 0, and administrators alone where it is 1.
        import_function: what takes in models, by its ARN; without it there are no models.
        inference_function: what invokes endpoints, by the ARN of its alias.
        deployment_machine: the state machine that takes the steps of an endpoint's update.
        transform_machine: the state machine that does transform jobs; without it they are refused.
        transform_below: addresses below which those jobs read and write, each ending in a slash.
        monitoring_places: addresses below which documents of monitoring lie, each ending in a
            slash; without them schedules are refused.
        capture_below: addresses below which data capture may write, each ending in a slash.
        two_persons: 1 asks for another approver of a model package than its author.
        forward_sagemaker_endpoint: where operations of SageMaker go that Larder lacks; without
            one they are refused.
    """

    registry_table: str
    account_id: str
    region: str
    partition: str
    offline_bucket: str
    glue_database: str
    kms_key_arn: str
    other_offline_buckets: tuple[str, ...] = ()
    other_databases: tuple[str, ...] = ()
    max_feature_groups: int = 1000
    administrators: tuple[str, ...] = ()
    missing_grants_deny: int = 0
    creators: tuple[str, ...] = ()
    forward_sagemaker_endpoint: str = ""
    import_function: str = ""
    inference_function: str = ""
    deployment_machine: str = ""
    transform_machine: str = ""
    transform_below: tuple[str, ...] = ()
    monitoring_places: tuple[str, ...] = ()
    capture_below: tuple[str, ...] = ()
    two_persons: int = 0
