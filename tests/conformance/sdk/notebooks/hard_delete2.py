"""The workshop's ``m10_nb1``: a record is deleted for good, from Iceberg snapshots as well.

Left out: the cells that install packages, among them Spark's and Glue's; cell 74 runs a script
that needs them for its arguments alone, and whose OPTIMIZE and VACUUM are sent here. In place of
``get_execution_role``, which needs a role's session, is a role's ARN.
"""

from datetime import UTC, datetime

from sagemaker.feature_store.feature_group import FeatureGroup
from sagemaker.feature_store.inputs import TableFormatEnum, TtlDuration

from tests.conformance.sdk.notebooks import shop
from tests.conformance.sdk.notebooks.program import Context, asked
from tests.conformance.sdk.story import settings, tell


def now():
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def create(c):
    group = FeatureGroup(name=c.name("customers"), sagemaker_session=c.session)
    c.frame = shop.customers(now())
    group.load_feature_definitions(data_frame=c.frame)
    group.create(
        s3_uri=f"s3://{c.bucket}/sagemaker-feature-store",
        record_identifier_name="customer_id",
        event_time_feature_name="event_time",
        role_arn=c.told["role"],
        ttl_duration=TtlDuration(unit="Weeks", value=52),
        enable_online_store=True,
        table_format=TableFormatEnum.ICEBERG,
    )
    status = c.settled(group.describe)
    return status, group.describe()["OnlineStoreConfig"]["TtlDuration"]


def ingest(c):
    c.group = FeatureGroup(name=c.name("customers"), sagemaker_session=c.clients_session)
    return c.group.ingest(data_frame=c.frame, max_processes=16, wait=True).failed_rows


def sample(c):
    """A row, once all are there: the notebook waits by hand."""
    c.query_ = c.group.athena_query()
    c.table, c.database = c.query_.table_name, c.query_.database
    c.output = f"s3://{c.bucket}/sagemaker-featurestore/athena-results/query_results/"
    count = f'SELECT COUNT(*) FROM "{c.table}"'
    c.until(lambda: int(c.query(count, c.database).iat[0, 0]) == shop.CUSTOMERS)
    sampled = f'SELECT * FROM "{c.table}" tablesample bernoulli(100) limit 1'
    c.customer = c.query(sampled, c.database)["customer_id"][0]
    return c.customer in set(c.frame["customer_id"])


def hard_delete(c):
    c.rt.delete_record(
        FeatureGroupName=c.group.name,
        RecordIdentifierValueAsString=c.customer,
        EventTime=now(),
        DeletionMode="HardDelete",
        TargetStores=["OnlineStore", "OfflineStore"],
    )
    answer = c.rt.get_record(
        FeatureGroupName=c.group.name, RecordIdentifierValueAsString=c.customer
    )
    return "Record" in answer


def of_the_customer(c, version=""):
    sql = f'SELECT * FROM "{c.database}"."{c.table}"{version} WHERE customer_id =\'{c.customer}\';'
    return asked(c.query_, sql, c.output)


def rows_before(c):
    c.until(lambda: len(of_the_customer(c)) == 2)
    return sorted(of_the_customer(c)["is_deleted"].tolist())


def delete_from_the_table(c):
    c.query_.run(
        query_string=(
            f'DELETE FROM "{c.database}"."{c.table}" WHERE customer_id in (SELECT customer_id '
            f'FROM "{c.database}"."{c.table}" WHERE is_deleted =true);'
        ),
        output_location=c.output,
    )
    c.query_.wait()
    state = c.query_.get_query_execution()["QueryExecution"]["Status"]["State"]
    return state, len(of_the_customer(c))


def snapshots(c):
    c.snapshots = f'"{c.database}"."{c.table}$snapshots"'
    found = asked(c.query_, f"SELECT * FROM {c.snapshots}", c.output)
    return list(found.columns), len(found) >= 2


def rows_of_the_snapshot_before(c):
    sql = (
        f"SELECT snapshot_id  FROM {c.snapshots}    WHERE snapshot_id IN (SELECT parent_id FROM "
        f"{c.snapshots} WHERE committed_at = (        SELECT MAX(committed_at) FROM "
        f"{c.snapshots}))    ORDER BY committed_at DESC    Limit 1"
    )
    before = asked(c.query_, sql, c.output)["snapshot_id"][0]
    return len(of_the_customer(c, f" FOR VERSION AS OF {before}"))


def set_the_age_of_snapshots(c):
    c.query_.run(
        query_string=(
            f"ALTER TABLE `{c.table}` SET TBLPROPERTIES ('vacuum_max_snapshot_age_seconds'='60')"
        ),
        output_location=c.output,
    )
    c.query_.wait()
    return c.query_.get_query_execution()["QueryExecution"]["Status"]["State"]


def compact(c):
    states = []
    for sql in (
        f"optimize {c.database}.{c.table} rewrite data using bin_pack",
        f"vacuum {c.database}.{c.table}",
    ):
        c.query(sql, c.database)
        states.append("SUCCEEDED")
    return states


def rows_after(c):
    found = asked(c.query_, f"SELECT * FROM {c.snapshots}", c.output)
    every = f'SELECT COUNT(*) FROM "{c.table}"'
    return len(found) > 0, len(of_the_customer(c)), int(c.query(every, c.database).iat[0, 0])


STEPS = [
    create,
    ingest,
    sample,
    hard_delete,
    rows_before,
    delete_from_the_table,
    snapshots,
    rows_of_the_snapshot_before,
    set_the_age_of_snapshots,
    compact,
    rows_after,
]

if __name__ == "__main__":
    told, path = settings()
    tell(STEPS, Context(told), path)
