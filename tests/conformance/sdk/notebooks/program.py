"""What the notebooks' programs share: sessions, frames, waits, and queries by boto3 alone."""

import io
import time

import boto3
import pandas
import sagemaker

# The notebooks' pandas had texts of type object, the only one that SDK v2 takes for a String
# beside pandas' "string".
pandas.set_option("future.infer_string", False)

_RUNNING = ("QUEUED", "RUNNING")


class Context:
    """What the caller says of the target, the clients that notebooks make, and what steps keep."""

    def __init__(self, told):
        self.told, self.kept = told, {}
        self.session = sagemaker.Session()
        self.bucket = self.session.default_bucket()
        self.region = self.session.boto_region_name
        self.sm = boto3.Session(region_name=self.region).client("sagemaker")
        self.rt = boto3.client("sagemaker-featurestore-runtime", region_name=self.region)
        self.s3 = boto3.client("s3", region_name=self.region)
        self.clients_session = sagemaker.Session(
            boto_session=boto3.Session(region_name=self.region),
            sagemaker_client=self.sm,
            sagemaker_featurestore_runtime_client=self.rt,
        )

    def name(self, word):
        """A group's name, of this run alone."""
        return f"{self.told['prefix']}-{word}"

    def created(self, name):
        """The status of a group once it is no longer being made."""
        return self.settled(lambda: self.sm.describe_feature_group(FeatureGroupName=name))

    def settled(self, describe):
        """``FeatureGroupStatus`` once it is no longer Creating."""
        deadline = time.monotonic() + self.told["group_seconds"]
        while (status := describe()["FeatureGroupStatus"]) == "Creating":
            assert time.monotonic() < deadline, "the group is still being made"
            time.sleep(0.5)
        return status

    def until(self, observe):
        """The last answer: the first that is true, or that of the deadline for offline data."""
        deadline = time.monotonic() + self.told["offline_seconds"]
        while not (seen := observe()) and time.monotonic() < deadline:
            time.sleep(0.5)
        return seen

    def query(self, sql, database):
        """As the workshop's helpers ask Athena: with no workgroup, and the result read from S3."""
        athena = boto3.client("athena")
        prefix = "offline-store/query_results/"
        started = athena.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": database},
            ResultConfiguration={"OutputLocation": f"s3://{self.bucket}/{prefix}"},
        )["QueryExecutionId"]
        while (state := _status(athena, started))["State"] in _RUNNING:
            time.sleep(0.2)
        assert state["State"] == "SUCCEEDED", state
        return self._result(prefix, started)

    def frame_of(self, uri):
        """The frame of a CSV file on S3."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return pandas.read_csv(self.s3.get_object(Bucket=bucket, Key=key)["Body"])

    def _result(self, prefix, started):
        """The result's file, as pandas reads it; None of a statement that has none."""
        key = f"{prefix}{started}.csv"
        try:
            body = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except self.s3.exceptions.NoSuchKey:
            return None
        for name in (key, f"{key}.metadata"):
            self.s3.delete_object(Bucket=self.bucket, Key=name)
        return pandas.read_csv(io.BytesIO(body))


def asked(query, sql, output):
    """The frame of a statement that SDK v2's AthenaQuery runs."""
    query.run(query_string=sql, output_location=output)
    query.wait()
    state = query.get_query_execution()["QueryExecution"]["Status"]
    assert state["State"] == "SUCCEEDED", state
    return query.as_dataframe()


def values(record):
    """A record's values by feature name."""
    return {each["FeatureName"]: each["ValueAsString"] for each in record}


def _status(athena, started):
    return athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]["Status"]
