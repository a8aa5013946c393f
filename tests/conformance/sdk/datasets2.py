"""The ``sagemaker`` SDK, version 2: data sets."""

from sagemaker.feature_store.feature_group import FeatureGroup
from sagemaker.feature_store.feature_store import FeatureStore
from sagemaker.session import Session

from tests.conformance.sdk.datasets import steps
from tests.conformance.sdk.story import settings, tell


def group(told, name):
    return FeatureGroup(name, told["session"])


def builder(told, base):
    store, output = FeatureStore(told["session"]), told["output"]
    if isinstance(base, str):
        return store.create_dataset(base=group(told, base), output_path=output)
    return store.create_dataset(
        base=base,
        output_path=output,
        record_identifier_feature_name="id",
        event_time_identifier_feature_name="at",
    )


if __name__ == "__main__":
    told, path = settings()
    tell(steps(builder, group), told | {"session": Session()}, path)
