"""A control plane for tests, over stores in memory."""

from larder.groups.feature_group import (
    CollectionType,
    FeatureDefinition,
    FeatureType,
    OnlineStore,
    StorageType,
)
from larder.groups.manage import FeatureGroups
from larder.groups.metadata import FeatureCatalog
from larder.groups.platform_rules import Platform
from larder.groups.readers import NO_READERS
from larder.groups.spec import GroupSpec, OfflineSpec
from larder.testing.groups import MemoryFeatureMetadata, MemoryRegistry
from tests.support.groups import FEATURES, HOME

KEY_ARN = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
ROLE_ARN = "arn:aws:iam::123456789012:role/feature-store"
START = 1_700_000_000_123_456
PLATFORM = Platform(
    home=HOME,
    buckets=("lake", "other-lake"),
    glue_database="larder_dev",
    kms_key_arn=KEY_ARN,
    max_groups=100,
)
VECTOR = FeatureDefinition("embedding", FeatureType.FRACTIONAL, CollectionType.VECTOR, 8)
WORDS = FeatureDefinition("words", FeatureType.STRING, CollectionType.LIST)


class Clock:
    """Microseconds that pass when a test says so."""

    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


class Uids:
    """Identities in order."""

    def __init__(self):
        self.count = 0

    def __call__(self):
        self.count += 1
        return f"uid{self.count}"


def control_plane(registry=None, *, platform=PLATFORM, clock=None, readers=NO_READERS):
    """A catalog and, in it, the groups of a platform that has none yet."""
    clock = clock or Clock()
    registry = registry or MemoryRegistry()
    groups = FeatureGroups(registry, platform, clock, Uids(), readers=readers)
    return FeatureCatalog(groups, MemoryFeatureMetadata(), clock)


def group_spec(name="customers", **changes):
    """What somebody asks for: an online store, unless the changes say otherwise."""
    values = {
        "name": name,
        "record_identifier_name": "customer_id",
        "event_time_name": "event_time",
        "features": FEATURES,
        "online": OnlineStore(),
    }
    return GroupSpec(**values | changes)


def both_stores(name="customers", **changes):
    """What somebody asks for: both stores."""
    return group_spec(
        name, **{"offline": OfflineSpec("s3://lake/offline"), "role_arn": ROLE_ARN} | changes
    )


def in_memory(*more):
    """An in-memory group of the usual features and some more."""
    return group_spec(features=(*FEATURES, *more), online=OnlineStore(StorageType.IN_MEMORY))


def create_request(name="customers", **changes):
    """CreateFeatureGroup's request for both stores."""
    request = {
        "FeatureGroupName": name,
        "RecordIdentifierFeatureName": "customer_id",
        "EventTimeFeatureName": "event_time",
        "FeatureDefinitions": [
            {"FeatureName": each.name, "FeatureType": each.type.value} for each in FEATURES
        ],
        "OnlineStoreConfig": {"EnableOnlineStore": True},
        "OfflineStoreConfig": {"S3StorageConfig": {"S3Uri": "s3://lake/offline"}},
        "RoleArn": ROLE_ARN,
    }
    return request | changes
