"""The ``sagemaker`` SDK, version 2."""

from sagemaker.feature_store.feature_definition import StringFeatureDefinition
from sagemaker.feature_store.feature_group import FeatureGroup, IngestionError
from sagemaker.feature_store.feature_store import FeatureStore
from sagemaker.feature_store.inputs import (
    FeatureParameter,
    FeatureValue,
    Filter,
    Identifier,
    SearchOperatorEnum,
    TableFormatEnum,
)
from sagemaker.session import Session

from tests.conformance.sdk.story import T0, T1, frame, settings, tell, until


def values(record):
    return {each["FeatureName"]: each["ValueAsString"] for each in record}


class Context:
    def __init__(self, told):
        self.told = told
        self.session = Session()
        self.store = FeatureStore(self.session)
        self.group = FeatureGroup(told["group"], self.session)

    def status(self):
        return self.group.describe()["FeatureGroupStatus"]


def create(c):
    c.group.load_feature_definitions(frame(0, 1))
    c.group.create(
        s3_uri=f"s3://{c.told['bucket']}/offline",
        record_identifier_name="id",
        event_time_feature_name="at",
        role_arn=c.told["role"],
        enable_online_store=True,
        description="made by SDK v2",
        tags=[{"Key": "team", "Value": "growth"}],
        table_format=TableFormatEnum.ICEBERG,
    )
    return until(c.status, "Created", c.told["group_seconds"])


def describe(c):
    described = c.group.describe()
    return {each: described[each] for each in ("FeatureGroupName", "Description")}


def ingest_with_one_worker(c):
    return c.group.ingest(frame(0, 10), max_workers=1, wait=True).failed_rows


def ingest_with_many_workers(c):
    return c.group.ingest(frame(10, 50), max_workers=3, max_processes=2, wait=True).failed_rows


def ingest_names_the_rows_that_failed(c):
    data = frame(50, 54)
    data["at"] = [T0, "yesterday", T0, "tomorrow"]
    try:
        c.group.ingest(data.astype({"at": "string"}), max_workers=2, wait=True)
    except IngestionError as error:
        return sorted(error.failed_rows)
    return None


def get_record(c):
    records = {n: c.group.get_record(f"r{n}") for n in (1, 3, 49)}
    return {n: record and values(record) for n, record in records.items()}


def get_a_missing_record(c):
    return c.group.get_record("nobody")


def put_record(c):
    c.group.put_record(
        [FeatureValue("id", "put"), FeatureValue("at", T0), FeatureValue("clicks", "7")]
    )
    return values(c.group.get_record("put"))


def delete_record(c):
    c.group.delete_record("put", T1)
    return c.group.get_record("put")


def batch_get_record(c):
    asked = Identifier(c.group.name, ["r1", "r2", "nobody"], ["id", "clicks"])
    answer = c.store.batch_get_record([asked])
    return [values(each["Record"]) for each in answer["Records"]]


def search(c):
    wanted = Filter("FeatureGroupName", c.group.name)
    found = c.store.search("FeatureGroup", filters=[wanted], operator=SearchOperatorEnum.AND)
    return [each["FeatureGroup"]["FeatureGroupName"] for each in found["Results"]]


def list_tags(c):
    return c.group.list_tags()


def list_feature_groups(c):
    listed = c.store.list_feature_groups(name_contains=c.group.name)
    return [each["FeatureGroupName"] for each in listed["FeatureGroupSummaries"]]


def feature_metadata(c):
    c.group.update_feature_metadata("clicks", "how often", [FeatureParameter("team", "growth")])
    described = c.group.describe_feature_metadata("clicks")
    return described["Description"], c.group.list_parameters_for_feature_metadata("clicks")


def athena_query(c):
    query = c.group.athena_query()

    def rows():
        query.run(
            f'SELECT * FROM "{query.table_name}" ORDER BY id, at',
            f"s3://{c.told['bucket']}/athena-results",
        )
        query.wait()
        c.frame = query.as_dataframe()
        return len(c.frame)

    # 10 + 40 + 2 rows ingested, one put, one deletion
    counted = until(rows, 54, c.told["offline_seconds"])
    return counted, list(c.frame.columns), int(c.frame["is_deleted"].sum())


def create_dataset(c):
    builder = c.store.create_dataset(
        base=c.group, output_path=f"s3://{c.told['bucket']}/athena-results"
    )
    data, query = builder.to_dataframe()
    return len(data), sorted(data.columns), query.startswith("WITH")


def as_hive_ddl(c):
    return c.group.as_hive_ddl()


def update(c):
    c.group.update(feature_additions=[StringFeatureDefinition("more")])
    return until(
        lambda: c.group.describe()["LastUpdateStatus"]["Status"],
        "Successful",
        c.told["group_seconds"],
    )


def delete(c):
    c.group.delete()
    return c.status()


STEPS = [
    create,
    describe,
    ingest_with_one_worker,
    ingest_with_many_workers,
    ingest_names_the_rows_that_failed,
    get_record,
    get_a_missing_record,
    put_record,
    delete_record,
    batch_get_record,
    search,
    list_tags,
    list_feature_groups,
    feature_metadata,
    athena_query,
    create_dataset,
    as_hive_ddl,
    update,
    delete,
]

if __name__ == "__main__":
    told, path = settings()
    tell(STEPS, Context(told), path)
