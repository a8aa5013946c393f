"""The workshop's ``m5_nb5``: rows for the offline store alone, then the latest of each online.

Left out: the cells that make a zip file of the Spark connector and that run it as SageMaker
Processing jobs and as a SageMaker Pipeline (cells 14 to 24, and 28). What those jobs write is
written here by PutRecord, row by row, to the store that each job names.
"""

from sagemaker.feature_store.feature_group import FeatureGroup

from tests.conformance.sdk.notebooks.program import Context, values
from tests.conformance.sdk.story import settings, tell

ROWS = [
    (identifier, measure, f"2023-01-23T{hour:02d}:00:00Z")
    for identifier in "123"
    for hour, measure in enumerate(("0.1", "0.2", "0.3"))
]


def create(c):
    c.group = c.name("offline-to-online")
    c.sm.create_feature_group(
        FeatureGroupName=c.group,
        RecordIdentifierFeatureName="RecordIdentifier",
        EventTimeFeatureName="EventTime",
        OnlineStoreConfig={"EnableOnlineStore": True},
        OfflineStoreConfig={
            "S3StorageConfig": {"S3Uri": f"s3://{c.bucket}/sagemaker-feature-store"},
            "TableFormat": "Iceberg",
        },
        FeatureDefinitions=[
            {"FeatureName": "RecordIdentifier", "FeatureType": "Integral"},
            {"FeatureName": "Measure", "FeatureType": "Fractional"},
            {"FeatureName": "EventTime", "FeatureType": "String"},
        ],
        RoleArn=c.told["role"],
    )
    return c.created(c.group)


def put(c, rows, store):
    for row in rows:
        record = zip(("RecordIdentifier", "Measure", "EventTime"), row, strict=True)
        c.rt.put_record(
            FeatureGroupName=c.group,
            Record=[{"FeatureName": n, "ValueAsString": v} for n, v in record],
            TargetStores=[store],
        )


def online(c):
    answer = c.rt.batch_get_record(
        Identifiers=[
            {"FeatureGroupName": c.group, "RecordIdentifiersValueAsString": ["1", "2", "3"]}
        ]
    )
    return [values(each["Record"]) for each in answer["Records"]]


def ingest_offline_only(c):
    put(c, ROWS, "OfflineStore")
    query = FeatureGroup(c.group, sagemaker_session=c.session).athena_query()
    sql = f'SELECT COUNT(*) FROM "{query.table_name}"'
    c.until(lambda: int(c.query(sql, query.database).iat[0, 0]) == len(ROWS))
    return online(c)


def materialize(c):
    """The latest version of each identifier, as the job's window function finds it."""
    query = FeatureGroup(c.group, sagemaker_session=c.session).athena_query()
    latest = c.query(
        "SELECT recordidentifier, measure, eventtime FROM (SELECT *, row_number() OVER "
        "(PARTITION BY recordidentifier ORDER BY from_iso8601_timestamp(eventtime) DESC) AS rn "
        f'FROM "{query.table_name}") WHERE rn = 1',
        query.database,
    )
    put(c, latest.astype(str).to_numpy().tolist(), "OnlineStore")
    return sorted(online(c), key=lambda record: record["RecordIdentifier"])


STEPS = [create, ingest_offline_only, materialize]

if __name__ == "__main__":
    told, path = settings()
    tell(STEPS, Context(told), path)
