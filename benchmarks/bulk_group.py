"""The feature group of bulk measurements, and what a process says of itself."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass, field

import orjson

from larder.groups.feature_group import (
    FeatureDefinition,
    FeatureGroup,
    FeatureGroupStatus,
    FeatureType,
    OfflineStore,
    OnlineStore,
    StorageType,
)

DATABASE = "bench"
VALUES = 8


def group(location: str = "") -> FeatureGroup:
    """Ten features: identifier, event time, and numbers."""
    numbers = [FeatureDefinition(f"feature_{n:03}", FeatureType.FRACTIONAL) for n in range(VALUES)]
    return FeatureGroup(
        name="bench",
        uid="bench",
        arn="arn:aws:sagemaker:us-east-1:000000000000:feature-group/bench",
        record_identifier_name="id",
        event_time_name="event_time",
        features=(
            FeatureDefinition("id", FeatureType.STRING),
            FeatureDefinition("event_time", FeatureType.STRING),
            *numbers,
        ),
        online=OnlineStore(StorageType.IN_MEMORY),
        offline=OfflineStore(location, location, "AwsDataCatalog", DATABASE, "bench"),
        creation_time=0,
        last_modified_time=0,
        status=FeatureGroupStatus.CREATED,
    )


@dataclass(frozen=True, slots=True)
class Start:
    """When a measurement began, on the clock and in CPU time of this process."""

    clock: float = field(default_factory=time.monotonic)
    cpu: float = field(default_factory=time.process_time)

    def tell(self) -> None:
        """Print what it has taken since, in seconds, and the most memory of this process (MB)."""
        told = {
            "seconds": time.monotonic() - self.clock,
            "cpu": time.process_time() - self.cpu,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        print(orjson.dumps(told).decode())
