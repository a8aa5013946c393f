"""Feature groups as code: ``features/*.yaml``, applied when the stack is deployed."""

import json
from pathlib import Path

from aws_cdk import CfnOutput, CustomResource, Duration, Stack, Stage
from aws_cdk.aws_s3_assets import Asset
from constructs import Construct

from larder.declared.files import load_definitions
from stacks.config import StageConfig
from stacks.constructs.dependency_layer import LEAN, DependencyLayer
from stacks.constructs.layer_archive import ROOT
from stacks.constructs.permissions import allow
from stacks.constructs.python_function import Program, PythonFunction
from stacks.control_plane import control_settings
from stacks.offline_store import OfflineStoreStack
from stacks.online_store import OnlineStoreStack
from stacks.registry_access import REGISTRY_WRITER, allow_registry

_TIMEOUT = Duration.minutes(10)
_GIVE_UP = Duration.minutes(12)  # a function that died silently fails the deploy, not in an hour


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
        definitions: Path = ROOT / "features",
    ) -> None:
        super().__init__(scope, construct_id, termination_protection=config.data.retain)
        self.function = PythonFunction(
            self,
            "Apply",
            config=config,
            program=Program(
                name="feature_groups",
                settings=control_settings(self, config, online=online, offline=offline),
                memory_mb=config.serving.control_memory_mb,
                timeout=_TIMEOUT,
            ),
            layer=DependencyLayer(self, "Lean", recipe=LEAN, target=config.target),
        )
        allow_registry(self.function, online, REGISTRY_WRITER)
        asset = Asset(self, "Definitions", path=str(self._write(definitions)))
        allow(self.function, ["s3:GetObject"], [asset.bucket.arn_for_objects(asset.s3_object_key)])
        resource = CustomResource(
            self,
            "Groups",
            service_token=self.function.function_arn,
            resource_type="Custom::LarderFeatureGroups",
            service_timeout=_GIVE_UP,
            properties={
                "DefinitionsBucket": asset.s3_bucket_name,
                "DefinitionsKey": asset.s3_object_key,
                "DefinitionsHash": asset.asset_hash,
            },
        )
        resource.node.add_dependency(self.function.role or self.function)
        CfnOutput(self, "FeatureGroupsFunctionName", value=self.function.function_name)

    def _write(self, definitions: Path) -> Path:
        stage = Stage.of(self)
        folder = Path(stage.asset_outdir if stage is not None else "cdk.out")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "feature-groups.json"
        groups = load_definitions(definitions)
        path.write_text(json.dumps(groups, indent=1, sort_keys=True) + "\n")
        return path
