"""On the strict platform a query has the rights of who started it, as in Athena."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.layout import ACCESS_KEY, ACCOUNT, REGION
from tests.e2e.conftest import ROOT, Credentials, DeployedPlatform
from tests.support.deadlines import eventually
from tests.support.iam_users import allow, make_user

pytestmark = pytest.mark.e2e
RUN = ["athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults"]


@dataclass(frozen=True, slots=True)
class Closed:
    """An Iceberg and a Hive table with one row each, and what opens them."""

    platform: DeployedPlatform
    iceberg: str
    hive: str

    @property
    def bucket(self) -> str:
        return f"arn:aws:s3:::{self.platform.outputs['OfflineBucketName']}"

    @property
    def database(self) -> str:
        return self.platform.outputs["DatabaseName"]

    @property
    def queries(self) -> list[dict[str, Any]]:
        """The right to run queries and to keep their results."""
        workgroup = self.platform.outputs["WorkGroupName"]
        return [
            allow(RUN, f"arn:aws:athena:{REGION}:{ACCOUNT}:workgroup/{workgroup}"),
            allow("s3:GetBucketLocation", self.bucket),
            allow(["s3:GetObject", "s3:PutObject"], f"{self.bucket}/athena-results/*"),
        ]

    @property
    def catalog(self) -> dict[str, Any]:
        """The right to look both tables up."""
        names = ["catalog", f"database/{self.database}", f"table/{self.database}/*"]
        actions = ["glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:GetPartitions"]
        return allow(actions, *(f"arn:aws:glue:{REGION}:{ACCOUNT}:{name}" for name in names))

    @property
    def data(self) -> list[dict[str, Any]]:
        """The right to read both tables' files."""
        files = [f"{self.bucket}/{table}/*" for table in (self.iceberg, self.hive)]
        return [allow("s3:ListBucket", self.bucket), allow("s3:GetObject", *files)]

    def user(self, *statements: dict[str, Any]) -> Credentials:
        return Credentials(*make_user(self.platform.client("iam"), *statements))

    def run(self, sql: str, caller: Credentials = ROOT) -> dict[str, Any]:
        """The execution once it has ended."""
        athena = self.platform.client("athena", caller)
        query_id = self.start(sql, caller)

        def ended() -> Any:
            found = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
            return found["Status"]["State"] not in ("QUEUED", "RUNNING") and found

        return dict(eventually(ended))

    def start(self, sql: str, caller: Credentials) -> str:
        started = self.platform.client("athena", caller).start_query_execution(
            QueryString=sql.format(iceberg=self.iceberg, hive=self.hive, new=f"new_{_unique()}"),
            QueryExecutionContext={"Database": self.database},
            WorkGroup=self.platform.outputs["WorkGroupName"],
        )
        return str(started["QueryExecutionId"])

    def refusal(self, sql: str, caller: Credentials) -> str:
        """Why a statement failed."""
        execution = self.run(sql, caller)
        assert execution["Status"]["State"] == "FAILED", execution
        return str(execution["Status"]["StateChangeReason"])

    def rows(self, sql: str, caller: Credentials) -> list[list[str]]:
        execution = self.run(sql, caller)
        assert execution["Status"]["State"] == "SUCCEEDED", execution
        page = self.platform.client("athena", caller).get_query_results(
            QueryExecutionId=execution["QueryExecutionId"]
        )
        return [[cell["VarCharValue"] for cell in row["Data"]] for row in page["ResultSet"]["Rows"]]


def _unique() -> str:
    return uuid.uuid4().hex[:8]


@pytest.fixture(scope="module")
def closed(platform: DeployedPlatform) -> Iterator[Closed]:
    made = Closed(platform, iceberg=f"closed_{_unique()}", hive=f"closed_{_unique()}")
    bucket = platform.outputs["OfflineBucketName"]
    for sql in (
        f"CREATE TABLE {{iceberg}} (id string) LOCATION 's3://{bucket}/{{iceberg}}/' "
        "TBLPROPERTIES ('table_type' = 'ICEBERG')",
        "INSERT INTO {iceberg} VALUES ('secret')",
        f"CREATE EXTERNAL TABLE {{hive}} (id string) STORED AS PARQUET "
        f"LOCATION 's3://{bucket}/{{hive}}/'",
        "INSERT INTO {hive} VALUES ('secret')",
    ):
        assert made.run(sql)["Status"]["State"] == "SUCCEEDED"
    yield made
    for name in (made.iceberg, made.hive):
        made.run(f"DROP TABLE {name}")


@pytest.fixture(scope="module")
def without_glue(closed: Closed) -> Credentials:
    """A user who may run queries and read the files, and find no table."""
    return closed.user(*closed.queries, *closed.data)


@pytest.fixture(scope="module")
def without_files(closed: Closed) -> Credentials:
    """A user who may run queries and find the tables, and read no file."""
    return closed.user(*closed.queries, closed.catalog)


@pytest.fixture(scope="module")
def reader(closed: Closed) -> Credentials:
    """A user who may read the tables."""
    return closed.user(*closed.queries, closed.catalog, *closed.data)


READS = [
    "SELECT * FROM {iceberg}",
    "SELECT * FROM {hive}",
    'SELECT * FROM "{iceberg}$files"',
    "WITH t AS (SELECT id FROM {hive}) SELECT count(*) FROM t",
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM {iceberg})",
    "CREATE TABLE {new} WITH (format = 'PARQUET') AS SELECT * FROM {hive}",
    "INSERT INTO {iceberg} SELECT * FROM {hive}",
]
ON_THE_CATALOG = ["SHOW COLUMNS IN {hive}", "DESCRIBE {iceberg}", "SHOW TABLES"]
CHANGES = [
    "DELETE FROM {iceberg}",
    "UPDATE {iceberg} SET id = 'x'",
    "DROP TABLE {iceberg}",
    "DROP TABLE {hive}",
    "INSERT INTO {hive} VALUES ('x')",
    "ALTER TABLE {hive} SET TBLPROPERTIES ('a' = 'b')",
    "CREATE DATABASE {new}",
]


@pytest.mark.parametrize(
    "caller",
    [Credentials("AKIAGARBAGE", "x"), Credentials(ACCESS_KEY, "x"), replace(ROOT, token="x")],
    ids=["no such key", "wrong secret", "wrong token"],
)
def test_l2_garbage_keys_start_no_query(closed: Closed, caller: Credentials) -> None:
    with pytest.raises(ClientError) as refused:
        closed.start(READS[0], caller)
    assert refused.value.response["Error"]["Code"] in (
        "UnrecognizedClientException",
        "InvalidSignatureException",
        "InvalidClientTokenId",
    )


@pytest.mark.parametrize(
    ("operation", "by"),
    [
        ("get_query_execution", "QueryExecutionId"),
        ("get_query_results", "QueryExecutionId"),
        ("stop_query_execution", "QueryExecutionId"),
        ("batch_get_query_execution", "QueryExecutionIds"),
        ("list_query_executions", "WorkGroup"),
        ("start_query_execution", "WorkGroup"),
        ("get_work_group", "WorkGroup"),
        ("list_named_queries", "WorkGroup"),
    ],
)
def test_without_rights_on_the_workgroup_nothing_is_answered(
    closed: Closed, operation: str, by: str
) -> None:
    query_id = closed.run(READS[0])["QueryExecutionId"]
    members = {
        "QueryExecutionId": {"QueryExecutionId": query_id},
        "QueryExecutionIds": {"QueryExecutionIds": [query_id]},
        "WorkGroup": {"WorkGroup": closed.platform.outputs["WorkGroupName"]},
    }[by]
    if operation == "start_query_execution":
        members = {**members, "QueryString": "SELECT 1"}
    elsewhere = f"arn:aws:athena:{REGION}:{ACCOUNT}:workgroup/primary"
    athena = closed.platform.client("athena", closed.user(allow("athena:*", elsewhere)))
    with pytest.raises(ClientError) as refused:
        getattr(athena, operation)(**members)
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"


@pytest.mark.parametrize("sql", [*READS, *ON_THE_CATALOG])
def test_without_rights_on_glue_no_table_is_found(
    closed: Closed, without_glue: Credentials, sql: str
) -> None:
    reason = closed.refusal(sql, without_glue)
    assert "is not authorized to perform: glue:Get" in reason
    assert "Service: AmazonDataCatalog" in reason


@pytest.mark.parametrize("sql", READS)
def test_l2_without_rights_on_the_files_no_row_is_read(
    closed: Closed, without_files: Credentials, sql: str
) -> None:
    assert closed.refusal(sql, without_files).startswith("PERMISSION_DENIED: ")


@pytest.mark.parametrize("sql", CHANGES)
def test_the_right_to_read_is_none_to_change(closed: Closed, reader: Credentials, sql: str) -> None:
    reason = closed.refusal(sql, reader)
    assert "PERMISSION_DENIED" in reason or "is not authorized to perform" in reason
    assert closed.rows(READS[0], reader)[1:] == [["secret"]]
    assert closed.rows(READS[1], reader)[1:] == [["secret"]]


def test_without_the_right_to_keep_results_a_query_fails(closed: Closed) -> None:
    run, location, _results = closed.queries
    reason = closed.refusal("SELECT 1", closed.user(run, location))
    assert reason.startswith("Access denied when writing output to url: s3://")
    with pytest.raises(ClientError, match="Unable to verify/create output bucket"):
        closed.start("SELECT 1", closed.user(run))


def test_a_result_is_not_readable_by_the_right_to_ask_for_it(closed: Closed) -> None:
    query_id = closed.run(READS[0])["QueryExecutionId"]
    athena = closed.platform.client("athena", closed.user(closed.queries[0]))
    with pytest.raises(ClientError) as refused:
        athena.get_query_results(QueryExecutionId=query_id)
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"


def test_a_right_that_is_taken_away_is_gone_at_once(closed: Closed) -> None:
    reader = closed.user(*closed.queries, closed.catalog, *closed.data)
    assert closed.rows(READS[1], reader)[1:] == [["secret"]]
    iam = closed.platform.client("iam")
    name = closed.platform.client("sts", reader).get_caller_identity()["Arn"].rsplit("/", 1)[-1]
    document = {"Version": "2012-10-17", "Statement": [*closed.queries, closed.catalog]}
    iam.put_user_policy(UserName=name, PolicyName="allowed", PolicyDocument=json.dumps(document))
    assert closed.refusal(READS[1], reader).startswith("PERMISSION_DENIED: ")


def test_a_session_has_its_roles_rights_less_its_own_policy(closed: Closed) -> None:
    iam, name = closed.platform.client("iam"), f"reader-{_unique()}"
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"{ACCOUNT}"}}
    role = iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]["Arn"]
    rights = [*closed.queries, closed.catalog, *closed.data]
    iam.put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=_policy(rights))

    def session(**limits: str) -> Credentials:
        assumed = closed.platform.client("sts").assume_role(
            RoleArn=role, RoleSessionName="reader", **limits
        )["Credentials"]
        return Credentials(
            assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"]
        )

    assert closed.rows(READS[0], session())[1:] == [["secret"]]
    limited = session(Policy=_policy([*closed.queries, closed.catalog]))
    assert closed.refusal(READS[0], limited).startswith("PERMISSION_DENIED: ")


def _policy(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
