"""The settings of the control plane, which two stacks run: the API's and the custom resource's."""

from dataclasses import replace

from aws_cdk import Stack

from larder.settings.control import ControlSettings
from stacks.config import StageConfig
from stacks.models import ModelsStack, capture_places
from stacks.offline_store import OfflineStoreStack
from stacks.online_store import OnlineStoreStack
from stacks.principals import patterns_of
from stacks.transforms import TransformsStack


def control_settings(
    stack: Stack,
    config: StageConfig,
    *,
    online: OnlineStoreStack,
    offline: OfflineStoreStack,
    models: ModelsStack | None = None,
    transforms: TransformsStack | None = None,
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
    return _with_models(_with_transforms(settings, transforms), models, config)


def _with_transforms(
    settings: ControlSettings, transforms: TransformsStack | None
) -> ControlSettings:
    if transforms is None:
        return settings
    machine = transforms.machine.state_machine_arn
    return replace(
        settings,
        transform_machine=machine,
        transform_below=transforms.places,
        monitoring_places=transforms.document_places,
    )


def _with_models(
    settings: ControlSettings, models: ModelsStack | None, config: StageConfig
) -> ControlSettings:
    if models is None:
        return settings
    return replace(
        settings,
        import_function=models.importer.function_arn,
        inference_function=models.invoked.function_arn,
        deployment_machine=models.deployments.machine.attr_arn,
        capture_below=capture_places(config, settings.offline_bucket),
    )
