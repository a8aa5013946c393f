"""The ``sagemaker`` SDK, version 3: data sets."""

import boto3
from sagemaker.core.helper.session_helper import Session
from sagemaker.mlops.feature_store import DatasetBuilder, FeatureGroup

from tests.conformance.sdk.datasets import steps
from tests.conformance.sdk.story import settings, tell


def group(_told, name):
    return FeatureGroup.get(feature_group_name=name)


def builder(told, base):
    where = {"output_path": told["output"], "session": told["session"]}
    if isinstance(base, str):
        return DatasetBuilder.create(base=group(told, base), **where)
    return DatasetBuilder.create(
        base=base,
        record_identifier_feature_name="id",
        event_time_identifier_feature_name="at",
        **where,
    )


if __name__ == "__main__":
    told, path = settings()
    tell(steps(builder, group), told | {"session": Session(boto3.Session())}, path)
