"""The ``sagemaker`` SDK, version 2: data sets."""

from sagemaker.feature_store.feature_group import FeatureGroup
from sagemaker.feature_store.feature_store import FeatureStore
from sagemaker.session import Session

from tests.conformance.sdk.datasets import steps
from tests.conformance.sdk.story import settings, tell


def group(told, name):
    return FeatureGroup(name, told["session"])


def builder(told):
    base = group(told, told["base"])
    return FeatureStore(told["session"]).create_dataset(base=base, output_path=told["output"])


if __name__ == "__main__":
    told, path = settings()
    tell(steps(builder, group), told | {"session": Session()}, path)
