"""The workshop's ``m1_nb1``, then ``m2_nb1`` on the groups that it made; SDK v2.

Left out: the cells that install packages, that draw or only print, and ``get_execution_role``,
which needs a role's session; its place has a role's ARN.
"""

import io

import pandas
from sagemaker.feature_store.feature_group import FeatureGroup
from sagemaker.feature_store.inputs import TableFormatEnum

from tests.conformance.sdk.notebooks import shop
from tests.conformance.sdk.notebooks.program import Context, asked, values
from tests.conformance.sdk.notebooks.time_travel import get_features
from tests.conformance.sdk.story import settings, tell

AT = "2023-01-23T10:11:12.345Z"
FRAMES = {"customers": shop.customers, "products": shop.products, "orders": shop.orders}
IDENTIFIERS = {"customers": "customer_id", "products": "product_id", "orders": "order_id"}
PREFIX, RESULTS = "sagemaker-feature-store", "sagemaker-featurestore-workshop"


def frame(word):
    return FRAMES[word](AT)


def create(c):
    statuses = []
    for word, identifier in IDENTIFIERS.items():
        group = FeatureGroup(name=c.name(word), sagemaker_session=c.session)
        group.load_feature_definitions(data_frame=frame(word))
        group.create(
            s3_uri=f"s3://{c.bucket}/{PREFIX}",
            record_identifier_name=identifier,
            event_time_feature_name="event_time",
            role_arn=c.told["role"],
            enable_online_store=True,
            table_format=TableFormatEnum.ICEBERG,
        )
        statuses.append(c.settled(group.describe))
    return statuses


def ingest(c):
    failed = []
    for word in IDENTIFIERS:
        group = FeatureGroup(name=c.name(word), sagemaker_session=c.session)
        failed += group.ingest(data_frame=frame(word), max_processes=16, wait=True).failed_rows
    return failed


def get_record(c):
    client = c.session.boto_session.client("sagemaker-featurestore-runtime", region_name=c.region)
    answer = client.get_record(
        FeatureGroupName=c.name("customers"), RecordIdentifierValueAsString="C7"
    )
    return values(answer["Record"])


def list_feature_groups(c):
    """The helper's paging: it begins with the page of no token."""
    found, answer = [], c.sm.list_feature_groups(NameContains=c.told["prefix"])
    found += answer["FeatureGroupSummaries"]
    while "NextToken" in answer:
        token = answer["NextToken"]
        answer = c.sm.list_feature_groups(NameContains=c.told["prefix"], NextToken=token)
        found += answer["FeatureGroupSummaries"]
    return sorted(each["FeatureGroupName"].rpartition("-")[2] for each in found)


def tables(c):
    """The queries of the groups, as a session with clients of one's own makes them."""
    for word in IDENTIFIERS:
        group = FeatureGroup(name=c.name(word), sagemaker_session=c.clients_session)
        c.kept[word] = group.athena_query()
    return [query.database for query in c.kept.values()]


def historical_record_count(c):
    found = []

    def counts():
        found[:] = [
            int(c.query(f'SELECT COUNT(*) FROM "{q.table_name}"', q.database).iat[0, 0])
            for q in c.kept.values()
        ]
        return found == [shop.CUSTOMERS, shop.PRODUCTS, shop.ORDERS]

    c.until(counts)
    return found


def join_of_three(c):
    customers, products, orders = (q.table_name for q in c.kept.values())
    sql = (
        f'SELECT * FROM "{customers}", "{products}", "{orders}" '
        f'WHERE ("{orders}"."customer_id" = "{customers}"."customer_id") '
        f'AND ("{orders}"."product_id" = "{products}"."product_id")'
    )
    output = f"s3://{c.bucket}/{RESULTS}/query_results/"
    c.joined = asked(c.kept["orders"], sql, output)
    own = ["event_time", "write_time", "api_invocation_time", "is_deleted"]
    dropped = [f"{name}{n}" for name in own for n in ("", ".1", ".2")]
    dropped += ["order_id", "customer_id", "customer_id.1", "product_id", "product_id.1"]
    dropped += ["purchase_amount", "n_days_since_last_purchase"]
    model = c.joined.drop(dropped, axis=1)
    return len(model), list(model.columns), int(model["is_reordered"].sum())


def upload_the_training_set(c):
    body = c.joined.to_csv(index=False).encode()
    target = c.session.boto_session.resource("s3").Bucket(c.bucket)
    target.Object(f"{RESULTS}/{c.told['prefix']}/transformed.csv").upload_fileobj(io.BytesIO(body))
    return len(body) > 0


def features_as_of_events(c):
    rows = frame("orders").head(10)
    events = pandas.DataFrame(
        {
            "my_event_time": rows["event_time"].astype(object),
            **{name: rows[name].astype(object) for name in IDENTIFIERS.values()},
        }
    )
    asked_for = {"customers": ["is_married"], "products": ["*"], "orders": ["purchase_amount"]}
    found = get_features(c, events, "my_event_time", asked_for)
    first = [str(value) for value in found.iloc[0]]
    return len(found), list(found.columns), first, bool(found.isna().any().any())


def a_file_of_the_offline_store(c):
    """The helper lists the prefix that was asked for, not the group's own folder."""
    described = c.sm.describe_feature_group(FeatureGroupName=c.name("customers"))
    stored = described["OfflineStoreConfig"]["S3StorageConfig"]
    resolved = stored["ResolvedOutputS3Uri"].partition(f"{c.bucket}/")[2]
    assert stored["S3Uri"] == f"s3://{c.bucket}/{PREFIX}", stored
    listed = c.s3.list_objects_v2(Bucket=c.bucket, Prefix=resolved)["Contents"]
    key = next(each["Key"] for each in listed if ".parquet" in each["Key"])
    body = c.s3.get_object(Bucket=c.bucket, Key=key)["Body"].read()
    return list(pandas.read_parquet(io.BytesIO(body)).columns)


def sample(c):
    query = c.kept["customers"]
    sql = f'SELECT * FROM "{query.table_name}" tablesample bernoulli(25) limit 5'
    found = c.query(sql, query.database)
    return len(found) <= 5, list(found.columns)


STEPS = [
    create,
    ingest,
    get_record,
    list_feature_groups,
    tables,
    historical_record_count,
    join_of_three,
    upload_the_training_set,
    features_as_of_events,
    a_file_of_the_offline_store,
    sample,
]

if __name__ == "__main__":
    told, path = settings()
    tell(STEPS, Context(told), path)
