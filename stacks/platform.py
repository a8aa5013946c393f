"""One deployment of Larder: every stack and every reference between them."""

from aws_cdk import Stage, Tags
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.config import StageConfig
from stacks.encryption import EncryptionStack
from stacks.exposures import ExposuresStack
from stacks.feature_groups import FeatureGroupsStack
from stacks.ingestion import IngestionStack
from stacks.memory.network import NetworkStack
from stacks.memory.projection import MemoryProjectionStack
from stacks.memory.store import MemoryStoreStack
from stacks.models import ModelsStack
from stacks.monitoring import MonitoringStack
from stacks.observability.stack import ObservabilityStack
from stacks.offline_store import OfflineStoreStack
from stacks.online_store import OnlineStoreStack
from stacks.pipelines import PipelinesStack
from stacks.predictions import PredictionsStack
from stacks.serving import ServingStack
from stacks.trainings import TrainingsStack
from stacks.transforms import TransformsStack


class Platform(Stage):
    """Stacks by lifecycle: the key and the two stores hold state, the rest can be made again."""

    def __init__(self, scope: Construct, config: StageConfig) -> None:
        super().__init__(scope, config.name, env=config.env, stage_name=f"larder-{config.name}")
        key = EncryptionStack(self, "Encryption", config=config).key
        online = OnlineStoreStack(self, "OnlineStore", config=config, key=key)
        offline = OfflineStoreStack(self, "OfflineStore", config=config, key=key)
        memory = self._memory(config, key, online, offline)
        models, transforms = self._scoring(config, online, offline, memory)
        pipelines = PipelinesStack(self, "Pipelines", config=config, online=online, offline=offline)
        predictions, trainings = self._runs(config, online, offline, models, pipelines)
        ingestion = IngestionStack(self, "Ingestion", config=config, online=online, offline=offline)
        serving = ServingStack(
            self,
            "Serving",
            config=config,
            online=online,
            offline=offline,
            models=models,
            pipelines=pipelines,
            predictions=predictions,
            trainings=trainings,
            transforms=transforms,
            ingestion=ingestion,
            memory=memory,
        )
        self._groups(config, online, offline, ingestion)
        projection = self._projection(config, online, memory)
        observability = ObservabilityStack(
            self,
            "Observability",
            config=config,
            serving=serving,
            ingestion=ingestion,
            projection=projection,
        )
        self._exposures(config, online, offline, observability, transforms)
        observability.watch_runs(config, pipelines, predictions, trainings)
        observability.watch_transforms(transforms)
        Tags.of(self).add("application", "larder")
        Tags.of(self).add("stage", config.name)

    def _runs(
        self,
        config: StageConfig,
        online: OnlineStoreStack,
        offline: OfflineStoreStack,
        models: ModelsStack,
        pipelines: PipelinesStack,
    ) -> tuple[PredictionsStack, TrainingsStack]:
        """What scores groups as pipelines publish, and what trains and compares models."""
        return (
            PredictionsStack(
                self,
                "Predictions",
                config=config,
                online=online,
                offline=offline,
                pipelines=pipelines,
            ),
            TrainingsStack(
                self,
                "Trainings",
                config=config,
                online=online,
                offline=offline,
                models=models,
                pipelines=pipelines,
            ),
        )

    def _groups(
        self,
        config: StageConfig,
        online: OnlineStoreStack,
        offline: OfflineStoreStack,
        ingestion: IngestionStack,
    ) -> None:
        """The groups that files define."""
        groups = FeatureGroupsStack(
            self, "FeatureGroups", config=config, online=online, offline=offline
        )
        # No reference says so, but a group becomes Created by the lifecycle function alone.
        groups.add_stack_dependency(ingestion)

    def _scoring(
        self,
        config: StageConfig,
        online: OnlineStoreStack,
        offline: OfflineStoreStack,
        memory: MemoryStoreStack | None,
    ) -> tuple[ModelsStack, TransformsStack]:
        """What scores one request at a time, and what scores folders of records."""
        return (
            ModelsStack(
                self, "Models", config=config, online=online, offline=offline, memory=memory
            ),
            TransformsStack(self, "Transforms", config=config, online=online, offline=offline),
        )

    def _exposures(
        self,
        config: StageConfig,
        online: OnlineStoreStack,
        offline: OfflineStoreStack,
        observability: ObservabilityStack,
        transforms: TransformsStack,
    ) -> None:
        """What follows the log of the models' function, and what watches models, both watched."""
        models = observability.models
        stack = ExposuresStack(
            self, "Exposures", config=config, online=online, offline=offline, models=models
        )
        observability.watch_exposures(config, stack)
        monitoring = MonitoringStack(
            self,
            "Monitoring",
            config=config,
            online=online,
            offline=offline,
            models=models,
            transforms=transforms,
            topic=observability.topic,
        )
        observability.show_monitoring(config, monitoring)

    def _projection(
        self, config: StageConfig, online: OnlineStoreStack, memory: MemoryStoreStack | None
    ) -> MemoryProjectionStack | None:
        """What fills the cache, where the stage has the tier."""
        if memory is None:
            return None
        return MemoryProjectionStack(
            self, "MemoryProjection", config=config, online=online, memory=memory
        )

    def _memory(
        self,
        config: StageConfig,
        key: kms.IKey,
        online: OnlineStoreStack,
        offline: OfflineStoreStack,
    ) -> MemoryStoreStack | None:
        """The cache in its network, where the stage has the tier."""
        tier = config.in_memory
        if tier is None:
            return None
        network = NetworkStack(
            self, "Network", config=config, tier=tier, online=online, offline=offline
        )
        return MemoryStoreStack(
            self, "MemoryStore", config=config, tier=tier, network=network, key=key
        )
