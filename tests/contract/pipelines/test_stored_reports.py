"""Reports on S3: the newest one of a pipeline is found, and refusals have words."""

from dataclasses import replace

import boto3
import pytest
from moto import mock_aws

from larder.errors import LarderError
from larder.pipelines.adapters.event_objects import EventObjects
from larder.pipelines.adapters.stored_reports import StoredReports
from tests.support.formats import REPORT


@pytest.fixture
def s3():
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="lake")
        yield client


def test_the_newest_report_of_a_pipeline_is_given(s3):
    reports = StoredReports(s3, "lake")
    assert reports.newest("card") is None
    newest = replace(REPORT, at="2026-12-01T00:00:00Z")
    for each in (newest, REPORT, replace(REPORT, pipeline="card2", at="2027-01-01T00:00:00Z")):
        reports.put(each)
    assert reports.newest("card") == newest
    assert reports.put(REPORT) == "s3://lake/consistency/card/2026-11-28/030000.json"


def test_an_event_is_stored_in_place_of_itself(s3):
    files = EventObjects(s3, "lake")
    for time in ("one", "two"):
        files.put("lineage/2026-11-28/a-START.json", {"eventTime": time})
    (found,) = s3.list_objects_v2(Bucket="lake")["Contents"]
    with s3.get_object(Bucket="lake", Key=found["Key"])["Body"] as body:
        assert body.read() == b'{"eventTime":"two"}'


@pytest.mark.parametrize(
    "act",
    [
        lambda s3: StoredReports(s3, "gone").put(REPORT),
        lambda s3: StoredReports(s3, "gone").newest("card"),
        lambda s3: EventObjects(s3, "gone").put("lineage/x", {}),
    ],
    ids=["put", "newest", "event"],
)
def test_what_s3_refuses_is_an_error_of_larder(s3, act):
    with pytest.raises(LarderError, match="S3 refused to"):
        act(s3)
