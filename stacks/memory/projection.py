"""The projector: the second and last consumer of the records' stream, which repairs the cache."""

from typing import Final

from aws_cdk import CfnOutput, Duration, Stack
from constructs import Construct

from larder.memory.entry import LIFETIME_SECONDS
from larder.settings.memory_projector import MemoryProjectorSettings
from stacks.config import StageConfig
from stacks.constructs.dependency_layer import LEAN, DependencyLayer
from stacks.constructs.python_function import Program, PythonFunction
from stacks.constructs.stream_consumer import Delivery, StreamConsumer
from stacks.memory.store import MemoryStoreStack
from stacks.online_store import OnlineStoreStack

# Only records of the tier have the attribute ``m``. Lambda looks for existence at leaves alone,
# so its type is named; a removal has no new image, and an entry of the cache expires by itself.
_IN_MEMORY_RECORDS: Final = {"dynamodb": {"NewImage": {"m": {"N": [{"exists": True}]}}}}

# What could not be repaired in twice the longest life of an entry has nothing left to repair. So it
# is dropped and not spilled.
_REPAIRS: Final = Delivery(
    patterns=(_IN_MEMORY_RECORDS,),
    batch_size=1_000,
    window_seconds=1,
    max_age_seconds=2 * int(LIFETIME_SECONDS),
)


class MemoryProjectionStack(Stack):
    """Every accepted write of a record of the tier is put into the cache again, newest wins."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        online: OnlineStoreStack,
        memory: MemoryStoreStack,
    ) -> None:
        super().__init__(scope, construct_id, termination_protection=config.data.retain)
        self.memory = memory
        entry = memory.settings()
        self.projector = PythonFunction(
            self,
            "MemoryProjector",
            config=config,
            program=Program(
                name="memory_projector",
                settings=MemoryProjectorSettings(region=self.region, **vars(entry)),
                memory_mb=memory.tier.projector_memory_mb,
                timeout=Duration.seconds(30),
            ),
            layer=DependencyLayer(self, "Lean", recipe=LEAN, target=config.target),
            vpc_access=memory.access,
        )
        memory.allow_connect(self.projector)
        StreamConsumer(
            self,
            "RecordsStream",
            function=self.projector,
            table=online.records,
            key=online.key,
            delivery=_REPAIRS,
        )
        CfnOutput(self, "MemoryProjectorFunctionName", value=self.projector.function_name)
