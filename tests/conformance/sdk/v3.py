"""The ``sagemaker`` SDK, version 3 (sagemaker-core and sagemaker-mlops), a group's life."""

import boto3
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.shapes import Tag
from sagemaker.mlops.feature_store import (
    DatasetBuilder,
    FeatureGroup,
    FeatureGroupManager,
    FeatureMetadata,
    FeatureParameter,
    IcebergProperties,
    OfflineStoreConfig,
    OnlineStoreConfig,
    S3StorageConfig,
    StringFeatureDefinition,
    as_hive_ddl,
    create_athena_query,
    load_feature_definitions_from_dataframe,
)

from tests.conformance.sdk.story import frame, settings, tell, until
from tests.conformance.sdk.v3_records import STEPS as RECORD_STEPS


class Context:
    def __init__(self, told):
        self.told = told
        self.name = told["group"]

    @property
    def group(self):
        return FeatureGroup.get(feature_group_name=self.name)

    def offline(self):
        return OfflineStoreConfig(
            s3_storage_config=S3StorageConfig(s3_uri=f"s3://{self.told['bucket']}/offline"),
            table_format="Iceberg",
        )


def create_and_wait(c):
    group = FeatureGroup.create(
        feature_group_name=c.name,
        record_identifier_feature_name="id",
        event_time_feature_name="at",
        feature_definitions=load_feature_definitions_from_dataframe(frame(0, 1)),
        online_store_config=OnlineStoreConfig(enable_online_store=True, storage_type="Standard_V2"),
        offline_store_config=c.offline(),
        role_arn=c.told["role"],
        description="made by SDK v3",
        tags=[Tag(key="team", value="growth")],
    )
    group.wait_for_status("Created", timeout=c.told["group_seconds"])
    return group.feature_group_status, group.description


def get_all(c):
    return [group.feature_group_name for group in FeatureGroup.get_all(name_contains=c.name)]


def feature_metadata(c):
    metadata = FeatureMetadata.get(feature_group_name=c.name, feature_name="clicks")
    metadata.update(
        description="how often",
        parameter_additions=[FeatureParameter(key="team", value="growth")],
    )
    metadata.refresh()
    return metadata.description, [(each.key, each.value) for each in metadata.parameters]


def athena_query(c):
    c.session = Session(boto3.Session())
    query = create_athena_query(c.name, c.session)
    output = f"s3://{c.told['bucket']}/athena-results"

    def rows():
        # A worker whose connection breaks sends its write again; both are accepted, and differ in
        # their write times alone.
        query.run(
            f'SELECT DISTINCT id, at, clicks, score, is_deleted FROM "{query.table_name}"', output
        )
        query.wait()
        c.frame = query.as_dataframe()
        return len(c.frame)

    # 170 + 4 rows ingested, one put, one deletion, one update
    counted = until(rows, 177, c.told["offline_seconds"])
    return counted, int(c.frame["is_deleted"].sum())


def create_dataset(c):
    builder = DatasetBuilder.create(
        base=c.group, output_path=f"s3://{c.told['bucket']}/athena-results", session=c.session
    )
    data, _ = builder.to_dataframe()
    return len(data), sorted(data.columns)


def hive_ddl(c):
    return as_hive_ddl(c.name)


def update_group(c):
    group = c.group
    group.update(feature_additions=[StringFeatureDefinition("more")])

    def status():
        group.refresh()
        return group.last_update_status.status

    return until(status, "Successful", c.told["group_seconds"])


def manage_iceberg_properties(c):
    wanted = {"write.target-file-size-bytes": "268435456"}
    manager = FeatureGroupManager.get(feature_group_name=c.name)
    manager.update(iceberg_properties=IcebergProperties(properties=wanted))
    read = FeatureGroupManager.get(feature_group_name=c.name, include_iceberg_properties=True)
    return {name: read.iceberg_properties.properties.get(name) for name in wanted}


def delete_and_wait(c):
    group = c.group
    group.delete()
    group.wait_for_delete(timeout=c.told["group_seconds"])
    return "gone"


STEPS = [
    create_and_wait,
    *RECORD_STEPS,
    get_all,
    feature_metadata,
    athena_query,
    create_dataset,
    hive_ddl,
    update_group,
    manage_iceberg_properties,
    delete_and_wait,
]

if __name__ == "__main__":
    told, path = settings()
    tell(STEPS, Context(told), path)
