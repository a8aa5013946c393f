"""``larder consistency``: what it says where there is nothing to compare, and of stored reports."""

import json

import pytest
from moto import mock_aws

from larder.cli.main import main
from larder.pipelines.adapters.documents import to_json
from larder.pipelines.adapters.stored_reports import StoredReports
from tests.support.formats import BUCKET, REPORT, lake
from tests.support.pipelines import pipeline

SETTINGS = {
    "LARDER_REGISTRY_TABLE": "registry",
    "LARDER_RECORDS_TABLE": "records",
    "LARDER_ACCOUNT_ID": "123456789012",
    "LARDER_REGION": "us-east-1",
    "LARDER_PARTITION": "aws",
    "LARDER_OFFLINE_BUCKET": BUCKET,
    "LARDER_DATABASE": "larder_dev",
    "LARDER_WORKGROUP": "larder",
    "LARDER_PIPELINES_DEFINITIONS": f"s3://{BUCKET}/pipelines.json",
}


@pytest.fixture
def s3(monkeypatch):
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        client = lake()
        body = to_json([pipeline([], group="card")], {})
        client.put_object(Bucket=BUCKET, Key="pipelines.json", Body=body)
        yield client


def test_a_pipeline_that_is_not_declared_is_refused_with_those_that_are(s3, capsys):
    assert main(["consistency", "other"]) == 1
    said = capsys.readouterr().err
    assert "'other' is not declared in this stage (declared: card)" in said


@pytest.mark.parametrize("sample", ["0", "2001"])
def test_a_sample_that_is_too_small_or_too_large_is_refused(s3, capsys, sample):
    assert main(["consistency", "card", "--sample", sample]) == 1
    assert f"sample: {sample} must be between 1 and 2000" in capsys.readouterr().err


def test_definitions_that_are_gone_are_named(s3, capsys):
    s3.delete_object(Bucket=BUCKET, Key="pipelines.json")
    assert main(["consistency", "card"]) == 1
    assert f"s3://{BUCKET}/pipelines.json" in capsys.readouterr().err


def test_a_stored_report_is_shown_and_its_mismatches_are_the_exit_status(s3, capsys):
    assert main(["consistency", "card", "--stored"]) == 1
    assert "card has no stored report" in capsys.readouterr().err
    StoredReports(s3, BUCKET).put(REPORT)
    assert main(["consistency", "card", "--stored"]) == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "card (revision 2) at 2026-11-28T03:00:00Z: 2 records, 2 of 2 cells differ"
    assert "  history vs source: 0 records, 0 mismatches, 1 older online" in shown
    assert "      4711: 3.0 / 1.0" in shown
    assert shown[-1] == "  a note"
    assert main(["consistency", "card", "--stored", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["salt"] == "5f1e"
