"""Feature groups for tests."""

from larder.groups.feature_group import (
    FeatureDefinition,
    FeatureGroup,
    FeatureGroupStatus,
    FeatureType,
    OfflineStore,
    OnlineStore,
)
from larder.groups.names import Home
from larder.groups.settings_cache import GroupSettings

HOME = Home("aws", "us-east-1", "123456789012")
FEATURES = (
    FeatureDefinition("customer_id", FeatureType.STRING),
    FeatureDefinition("event_time", FeatureType.STRING),
    FeatureDefinition("clicks", FeatureType.INTEGRAL),
    FeatureDefinition("score", FeatureType.FRACTIONAL),
    FeatureDefinition("city", FeatureType.STRING),
)
OFFLINE = OfflineStore(
    s3_uri="s3://lake/offline",
    location="s3://lake/offline/123456789012/sagemaker/us-east-1/offline-store/customers-1700000000",
    catalog="AwsDataCatalog",
    database="larder_dev",
    table="customers_1700000000",
)


def feature_group(name="customers", **changes):
    """A group with both stores, ready for records."""
    values = {
        "name": name,
        "uid": f"u{name}",
        "arn": HOME.arn(name),
        "record_identifier_name": "customer_id",
        "event_time_name": "event_time",
        "features": FEATURES,
        "online": OnlineStore(),
        "offline": OFFLINE,
        "creation_time": 1_700_000_000_000_000,
        "last_modified_time": 1_700_000_000_000_000,
        "status": FeatureGroupStatus.CREATED,
    }
    return FeatureGroup(**values | changes)


class Groups:
    """A registry that only answers ``get``; tests change ``by_name`` as they like."""

    def __init__(self, *groups):
        self.by_name = {group.name: group for group in groups}

    def get(self, name):
        return self.by_name.get(name)


def group_settings(*groups, lifetime=0.0):
    """Settings over the given groups, uncached unless a lifetime is given."""
    return GroupSettings(Groups(*groups), HOME, lifetime)
