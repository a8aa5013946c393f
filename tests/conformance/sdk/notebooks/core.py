"""``sagemaker_core_feature_store_introduction`` of amazon-sagemaker-examples.

It runs with the ``sagemaker_core`` that the notebook installs, beside SDK v2, and with SDK v3's
``sagemaker.core``, which took its place. Left out: the cells that install packages and that only
print, and ``get_execution_role``, which needs a role's session; its place has a role's ARN. The
notebook names an unknown variable ``region`` for its search; here it is the session's region.
"""

import time

import boto3
import pandas

from tests.conformance.sdk.notebooks import introduction
from tests.conformance.sdk.story import until

PREFIX = "sagemaker-featurestore-introduction"
FRAMES = {"customers": introduction.customers, "orders": introduction.orders}


class Context:
    """``resources`` and ``shapes`` are modules of sagemaker-core, ``session`` is its Session."""

    def __init__(self, told, resources, shapes, session):
        self.told, self.resources, self.shapes, self.session = told, resources, shapes, session
        self.account = boto3.client("sts").get_caller_identity()["Account"]
        self.region = boto3.Session().region_name
        self.bucket = session.default_bucket()
        self.at = round(time.time())
        self.groups = {}

    def name(self, word):
        return f"{self.told['prefix']}-{word}-feature-group"

    def definitions(self, frame):
        kinds = {"int64": "Integral", "float64": "Fractional"}
        return [
            self.shapes.FeatureDefinition(feature_name=name, feature_type=kinds[str(kind)])
            for name, kind in frame.dtypes.items()
        ]

    def batch(self, word):
        answer = self.groups[word].batch_get_record(
            identifiers=[
                self.shapes.BatchGetRecordIdentifier(
                    feature_group_name=self.name(word),
                    record_identifiers_value_as_string=introduction.IDENTIFIERS,
                )
            ]
        )
        return [
            {each.feature_name: each.value_as_string for each in one.record}
            for one in answer.records
        ]

    def put_all(self, frame, word):
        """Row by row, each value as its text: the notebook's IngestData."""
        for _, row in frame.iterrows():
            record = [
                self.shapes.FeatureValue(feature_name=name, value_as_string=str(row[name]))
                for name in frame.columns
            ]
            self.groups[word].put_record(record=record)
        return len(frame)


def create(c):
    shapes = c.shapes
    for word, frame in FRAMES.items():
        c.groups[word] = c.resources.FeatureGroup.create(
            feature_group_name=c.name(word),
            record_identifier_feature_name="customer_id",
            event_time_feature_name="EventTime",
            role_arn=c.told["role"],
            online_store_config=shapes.OnlineStoreConfig(enable_online_store=True),
            feature_definitions=c.definitions(frame(c.at)),
            offline_store_config=shapes.OfflineStoreConfig(
                s3_storage_config=shapes.S3StorageConfig(s3_uri=f"s3://{c.bucket}/{PREFIX}")
            ),
        )
    for group in c.groups.values():
        group.wait_for_status(target_status="Created")
    return [group.feature_group_status for group in c.groups.values()]


def feature_metadata(c):
    name = c.name("customers")
    metadata = c.resources.FeatureMetadata(feature_group_name=name, feature_name="customer_id")
    metadata.update(
        description="The ID of a customer. It is also used in orders_feature_group.",
        parameter_additions=[c.shapes.FeatureParameter(key="idType", value="primaryKey")],
    )
    read = metadata.get(feature_group_name=name, feature_name="customer_id")
    client = c.session.boto_session.client("sagemaker", region_name=c.region)
    found = introduction.found(client.search(**introduction.key_search(name)))
    return [[each.key, each.value] for each in read.parameters], found


def put_records(c):
    """All columns but the event time are turned to Int64 first, as in the notebook."""
    counts = []
    for word, frame in FRAMES.items():
        data = frame(c.at)
        for name in data.columns.drop("EventTime"):
            data[name] = pandas.to_numeric(data[name]).astype("Int64")
        counts.append(c.put_all(data, word))
    return counts


def get_record(c):
    answer = c.groups["customers"].get_record(record_identifier_value_as_string="410001")
    record = {each.feature_name: each.value_as_string for each in answer.record}
    return record.pop("EventTime") == str(float(c.at)), record


def batch_get_record(c):
    return [len(c.batch(word)) for word in FRAMES]


def update(c):
    group = c.groups["customers"]
    group.update(
        feature_additions=[
            c.shapes.FeatureDefinition(feature_name=name, feature_type="String")
            for name in ("email", "name")
        ]
    )

    def status():
        group.refresh()
        return group.last_update_status.status

    return until(status, "Successful", c.told["group_seconds"])


def put_what_was_added(c):
    count = c.put_all(introduction.customers_updated(c.at), "customers")
    return count, sorted(record["email"] for record in c.batch("customers"))


def delete(c):
    for group in c.groups.values():
        group.delete()
    for group in c.groups.values():
        group.refresh()
    return [group.feature_group_status for group in c.groups.values()]


STEPS = [
    create,
    feature_metadata,
    put_records,
    get_record,
    batch_get_record,
    update,
    put_what_was_added,
    delete,
]
