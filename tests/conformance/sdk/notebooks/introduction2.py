"""``feature_store_introduction`` of amazon-sagemaker-examples, by SDK v2.

Left out: the cells that install packages and that only print, and ``get_execution_role``, which
needs a role's session; its place has a role's ARN. Beyond the notebook, Athena counts the rows.
"""

import time

from sagemaker.feature_store.feature_definition import StringFeatureDefinition
from sagemaker.feature_store.feature_group import FeatureGroup
from sagemaker.feature_store.inputs import FeatureParameter

from tests.conformance.sdk.notebooks import introduction
from tests.conformance.sdk.notebooks.program import Context, values
from tests.conformance.sdk.story import settings, tell, until

PREFIX = "sagemaker-featurestore-introduction"
FRAMES = {"customers": introduction.customers, "orders": introduction.orders}


class Introduction(Context):
    def __init__(self, told):
        super().__init__(told)
        self.at = round(time.time())
        self.groups = {
            word: FeatureGroup(
                name=self.name(f"{word}-feature-group"), sagemaker_session=self.session
            )
            for word in FRAMES
        }

    def client(self, service):
        return self.session.boto_session.client(service, region_name=self.region)

    def batch(self, *words):
        answer = self.client("sagemaker-featurestore-runtime").batch_get_record(
            Identifiers=[
                {
                    "FeatureGroupName": self.groups[word].name,
                    "RecordIdentifiersValueAsString": introduction.IDENTIFIERS,
                }
                for word in words
            ]
        )
        return [values(each["Record"]) for each in answer["Records"]]


def create(c):
    for word, group in c.groups.items():
        group.load_feature_definitions(data_frame=FRAMES[word](c.at))
        group.create(
            s3_uri=f"s3://{c.bucket}/{PREFIX}",
            record_identifier_name="customer_id",
            event_time_feature_name="EventTime",
            role_arn=c.told["role"],
            enable_online_store=True,
        )
    return [c.settled(group.describe) for group in c.groups.values()]


def describe(c):
    described = c.groups["customers"].describe()
    types = {each["FeatureName"]: each["FeatureType"] for each in described["FeatureDefinitions"]}
    listed = c.client("sagemaker").list_feature_groups()["FeatureGroupSummaries"]
    return types, described["OfflineStoreConfig"]["TableFormat"], len(listed) > 0


def feature_metadata(c):
    group = c.groups["customers"]
    group.update_feature_metadata(
        feature_name="customer_id",
        description="The ID of a customer. It is also used in orders_feature_group.",
        parameter_additions=[FeatureParameter("idType", "primaryKey")],
    )
    described = group.describe_feature_metadata(feature_name="customer_id")
    search = introduction.key_search(c.name("customers-feature-group"))
    return described["Parameters"], introduction.found(c.client("sagemaker").search(**search))


def ingest(c):
    return [
        group.ingest(data_frame=FRAMES[word](c.at), max_workers=3, wait=True).failed_rows
        for word, group in c.groups.items()
    ]


def get_record(c):
    answer = c.client("sagemaker-featurestore-runtime").get_record(
        FeatureGroupName=c.groups["customers"].name, RecordIdentifierValueAsString="410001"
    )
    record = values(answer["Record"])
    return record.pop("EventTime") == str(float(c.at)), record


def batch_get_record(c):
    return sorted(len(record) for record in c.batch("customers", "orders"))


def update(c):
    group = c.groups["customers"]
    group.update(
        feature_additions=[StringFeatureDefinition("email"), StringFeatureDefinition("name")]
    )
    return until(
        lambda: group.describe().get("LastUpdateStatus")["Status"],
        "Successful",
        c.told["group_seconds"],
    )


def ingest_what_was_added(c):
    group = c.groups["customers"]
    frame = introduction.customers_updated(c.at)
    failed = group.ingest(data_frame=frame, max_workers=3, wait=True).failed_rows
    return failed, sorted(record["email"] for record in c.batch("customers"))


def offline_rows(c):
    query = c.groups["customers"].athena_query()
    sql = f'SELECT COUNT(*), COUNT(email), COUNT(DISTINCT eventtime) FROM "{query.table_name}"'

    def counts():
        c.counts = c.query(sql, query.database).iloc[0].tolist()
        return c.counts[0] == 8

    c.until(counts)
    return c.counts


def delete(c):
    for group in c.groups.values():
        group.delete()
    return [group.describe()["FeatureGroupStatus"] for group in c.groups.values()]


STEPS = [
    create,
    describe,
    feature_metadata,
    ingest,
    get_record,
    batch_get_record,
    update,
    ingest_what_was_added,
    offline_rows,
    delete,
]

if __name__ == "__main__":
    told, path = settings()
    tell(STEPS, Introduction(told), path)
