"""The settings of the control plane, which two stacks run: the API's and the custom resource's."""

from dataclasses import replace

from aws_cdk import Stack

from larder.settings.control import ControlSettings
from stacks.config import StageConfig
from stacks.models import ModelsStack, capture_places
from stacks.offline_store import OfflineStoreStack
from stacks.online_store import OnlineStoreStack
from stacks.principals import patterns_of


def control_settings(
    stack: Stack,
    config: StageConfig,
    *,
    online: OnlineStoreStack,
    offline: OfflineStoreStack,
    models: ModelsStack | None = None,
) -> ControlSettings:
    """What ``control`` and ``feature_groups`` must know, as ``stack`` sees it.

    Without ``models`` there are feature groups alone.
    """
    settings = ControlSettings(
        registry_table=online.registry.table_name,
        account_id=stack.account,
        region=stack.region,
        partition=stack.partition,
        offline_bucket=offline.bucket.bucket_name,
        glue_database=offline.database.database_name,
        kms_key_arn=online.key.key_arn,
        other_offline_buckets=config.other_buckets(stack),
        other_databases=config.offline.other_databases,
        administrators=patterns_of(stack, config.access.administrators),
        creators=patterns_of(stack, config.access.creators),
        missing_grants_deny=int(config.missing_grants_deny),
        forward_sagemaker_endpoint=config.forwarding.sagemaker_endpoint,
        two_persons=int(config.models.two_persons),
    )
    places = capture_places(config, offline.bucket.bucket_name)
    return _with_models(settings, models, places) if models else settings


def _with_models(
    settings: ControlSettings, models: ModelsStack, places: tuple[str, ...]
) -> ControlSettings:
    return replace(
        settings,
        import_function=models.importer.function_arn,
        inference_function=models.invoked.function_arn,
        deployment_machine=models.deployments.machine.attr_arn,
        capture_below=places,
    )
