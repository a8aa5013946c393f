"""Feature groups as code: those of ``features/*.yaml``, and the targets of predictions."""

import json
from pathlib import Path
from typing import Final

from aws_cdk import Annotations, CfnOutput, CustomResource, Duration, Stack, Stage
from aws_cdk.aws_s3_assets import Asset
from constructs import Construct

from larder.declared.files import definition_warnings, load_definitions
from larder.declared.predictions import load_target_groups
from larder.settings.feature_groups import FeatureGroupsSettings
from stacks.config import StageConfig
from stacks.constructs.dependency_layer import LEAN, DependencyLayer
from stacks.constructs.permissions import allow
from stacks.constructs.polled_resource import PolledResource
from stacks.constructs.python_function import Program, PythonFunction
from stacks.control_plane import control_settings
from stacks.offline_store import OfflineStoreStack
from stacks.online_store import OnlineStoreStack
from stacks.registry_access import REGISTRY_WRITER, allow_registry

_ONE_CALL: Final = Duration.minutes(5)
# Each gives up a little later than the one before it, which says more about the reason.
_PATIENCE: Final = Duration.minutes(28)
_FRAMEWORK_TIMEOUT: Final = Duration.minutes(30)
_SERVICE_TIMEOUT: Final = Duration.minutes(32)


class FeatureGroupsStack(Stack):
    """Applies the definitions by the control plane's own code and waits for every group.

    The definitions travel as one asset, since properties and responses have limits that a
    hundred groups would pass. Removing a file deletes no group and no data.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        online: OnlineStoreStack,
        offline: OfflineStoreStack,
    ) -> None:
        super().__init__(scope, construct_id, termination_protection=config.data.retain)
        self.function = self._function(config, online, offline)
        asset = Asset(self, "Definitions", path=str(self._write(config)))
        allow(self.function, ["s3:GetObject"], [asset.bucket.arn_for_objects(asset.s3_object_key)])
        polled = PolledResource(
            self, "Polled", config=config, function=self.function, timeout=_FRAMEWORK_TIMEOUT
        )
        resource = CustomResource(
            self,
            "DeclaredGroups",
            service_token=polled.service_token,
            resource_type="Custom::LarderFeatureGroups",
            service_timeout=_SERVICE_TIMEOUT,
            properties={
                "DefinitionsBucket": asset.s3_bucket_name,
                "DefinitionsKey": asset.s3_object_key,
                "DefinitionsHash": asset.asset_hash,
            },
        )
        resource.node.add_dependency(self.function.role or self.function, polled)
        CfnOutput(self, "FeatureGroupsFunctionName", value=self.function.function_name)

    def _function(
        self, config: StageConfig, online: OnlineStoreStack, offline: OfflineStoreStack
    ) -> PythonFunction:
        control = control_settings(self, config, online=online, offline=offline)
        patience = int(_PATIENCE.to_seconds())
        function = PythonFunction(
            self,
            "ApplyDefinitions",
            config=config,
            program=Program(
                name="feature_groups",
                settings=FeatureGroupsSettings(**vars(control), patience_seconds=patience),
                memory_mb=config.serving.control_memory_mb,
                timeout=_ONE_CALL,
            ),
            layer=DependencyLayer(self, "Lean", recipe=LEAN, target=config.target),
        )
        allow_registry(function, online, REGISTRY_WRITER)
        return function

    def _write(self, config: StageConfig) -> Path:
        stage = Stage.of(self)
        folder = Path(stage.asset_outdir if stage is not None else "cdk.out")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "feature-groups.json"
        groups = load_definitions(config.definitions)
        taken = {each["Request"]["FeatureGroupName"]: each["File"] for each in groups}
        groups += load_target_groups(config.predictions, taken)
        for number, warning in enumerate(definition_warnings(config.definitions)):
            Annotations.of(self).add_warning_v2(f"larder:definition-{number}", warning)
        path.write_text(json.dumps(groups, indent=1, sort_keys=True) + "\n")
        return path
