"""``larder exposures``: what the exposure writer set aside is listed, and written again."""

from io import BytesIO
from types import SimpleNamespace

import boto3
import orjson
import pytest
from moto import mock_aws

from lambdas.exposure_writer.events import create_handler
from larder.cli.main import main
from larder.errors import ServiceUnavailable
from larder.models.adapters.s3_exposures import S3LineQuarantine, S3ParkedDeliveries
from larder.models.exposure_table import exposures_table
from larder.models.keep_exposures import ExposureKeeper
from larder.models.park_exposures import ParkedExposures
from larder.models.record_exposures import WHOLE, ExposureRecorder, LogLine
from larder.offline.adapters.redrive import LambdaWriter, S3FailureObjects
from larder.offline.upkeep import UpkeepRules
from larder.telemetry.log import Log
from tests.support.exposures import (
    AT,
    KeptFiles,
    Maintained,
    MemoryTables,
    Scorer,
    delivery,
    exposure,
    to_line,
)

GOOD = to_line(exposure("i-9"))


class Writer:
    """The deployed writer, called by Lambda in this process, over S3 and a table in memory."""

    def __init__(self):
        self.s3 = boto3.client("s3")
        self.s3.create_bucket(Bucket="lake")
        self.tables, self.calls, self.error = MemoryTables(), [], None
        table = exposures_table("larder_dev", "lake")
        self.quarantine = S3LineQuarantine(self.s3, "lake")
        recorder = ExposureRecorder(table, self.tables, self.quarantine, KeptFiles(), Scorer())
        keeper = ExposureKeeper(table, self.tables, Maintained(), UpkeepRules())
        parked = ParkedExposures(S3ParkedDeliveries(S3FailureObjects(self.s3, "lake")))
        log = Log(write=lambda _line: None)
        self.handle = create_handler(recorder, parked, keeper, log)

    def invoke(self, FunctionName, Payload):  # as boto3 names them
        assert FunctionName == "writer"
        self.calls.append(Payload)
        if self.error:
            return {"FunctionError": "Unhandled", "Payload": BytesIO(b'{"errorMessage": "out"}')}
        answer = self.handle(orjson.loads(Payload), lambda: 300.0)
        return {"Payload": BytesIO(orjson.dumps(answer))}

    def park(self, *lines):
        """A delivery that met a table which can't be written."""
        self.tables.failing = [ServiceUnavailable("Glue did not answer")]
        return self.handle(delivery(*lines), lambda: 300.0)["parked"]

    def keys(self):
        found = self.s3.list_objects_v2(Bucket="lake")
        return [each["Key"] for each in found.get("Contents", [])]

    def ids(self):
        return [each["inference_id"] for each in self.tables.dicts()]


@pytest.fixture
def writer(monkeypatch):
    with mock_aws():
        writer = Writer()
        client = SimpleNamespace(invoke=writer.invoke)
        monkeypatch.setattr(
            "larder.wiring.redrive.open_writer", lambda name: LambdaWriter(client, name)
        )
        monkeypatch.setenv("LARDER_OFFLINE_BUCKET", "lake")
        monkeypatch.setenv("LARDER_EXPOSURE_WRITER_FUNCTION", "writer")
        yield writer


def said(capsys, *arguments, status=0):
    """The objects of the command's report, by key."""
    capsys.readouterr()
    assert main(["exposures", *arguments, "--json"]) == status
    lines = [orjson.loads(each) for each in capsys.readouterr().out.splitlines()]
    return {each["key"]: each for each in lines}


def test_what_was_set_aside_is_listed_and_nothing_is_changed(writer, capsys):
    parked = writer.park(exposure("i-1"), exposure("i-2"))
    bad = writer.quarantine.put(LogLine("7", GOOD[:-2], AT // 1000), "the line is not valid JSON")

    found = said(capsys, "list")

    assert {key: (each["lines"], each["reason"]) for key, each in found.items()} == {
        parked: (2, "the table could not be written then; the writer's log says why"),
        bad: (1, "the line is not valid JSON"),
    }
    assert writer.calls == []
    assert sorted(writer.keys()) == sorted([parked, bad])
    assert set(said(capsys, "list", "--only", "parked")) == {parked}


def test_parked_deliveries_are_written_and_gone_once(writer, capsys):
    parked = writer.park(exposure("i-1"), exposure("i-2"))
    writer.handle(delivery(exposure("i-2")), lambda: 300.0)

    found = said(capsys, "redrive")

    assert (found[parked]["rows"], found[parked]["duplicates"]) == (1, 1)
    assert writer.ids() == ["i-1", "i-2"]
    assert writer.keys() == []
    assert said(capsys, "redrive") == {}


def test_a_line_that_a_later_release_can_read_is_written(writer, capsys):
    key = writer.quarantine.put(LogLine("7", GOOD, AT // 1000), "a member is missing")
    assert said(capsys, "redrive")[key]["rows"] == 1
    assert (writer.ids(), writer.keys()) == (["i-9"], [])


def test_what_still_fails_stays_under_its_key_and_costs_no_other(writer, capsys):
    bad = writer.quarantine.put(LogLine("7", GOOD[:-2], AT // 1000), "the line is not valid JSON")
    parked = [writer.park(exposure(f"i-{number}")) for number in range(3)]
    writer.tables.failing = [ServiceUnavailable("Glue did not answer")]

    found = said(capsys, "redrive", status=1)

    kept = {key for key, each in found.items() if each["problem"]}
    assert len(kept & set(parked)) == 1
    assert bad in kept
    assert "still can't be written" in found[next(iter(kept & set(parked)))]["problem"]
    assert "still can't be read" in found[bad]["problem"]
    assert sorted(writer.keys()) == sorted(kept)
    assert len(writer.ids()) == 2


@pytest.mark.parametrize("body", [b"", b"[]", b'{"a": 1}', b'{"awslogs": {"data": "no gzip"}}'])
@pytest.mark.parametrize("folder", ["parked", "quarantine/2026/01/01"])
def test_what_is_no_delivery_stays_with_words(writer, capsys, folder, body):
    key = f"exposures/{folder}/strange.json"
    writer.s3.put_object(Bucket="lake", Key=key, Body=body)
    found = said(capsys, "redrive", status=1)
    assert "look into it" in found[key]["problem"]
    assert writer.keys() == [key]
    assert writer.calls == []


def test_a_delivery_that_could_not_be_unpacked_is_not_set_aside_twice(writer, capsys):
    key = writer.quarantine.put(LogLine(WHOLE, '{"data":"no gzip"}', AT // 1000), "no delivery")
    text = orjson.dumps(delivery(exposure("i-5"))["awslogs"]).decode()
    right = writer.quarantine.put(LogLine(WHOLE, text, AT // 1000), "it was not known then")
    found = said(capsys, "redrive", status=1)
    assert "look into it" in found[key]["problem"]
    assert found[right]["rows"] == 1
    assert writer.keys() == [key]


def test_a_writer_that_fails_leaves_everything(writer, capsys):
    parked = writer.park(exposure("i-1"))
    writer.error = True
    found = said(capsys, "redrive", status=1)
    assert "writer failed" in found[parked]["problem"]
    assert writer.keys() == [parked]


def test_a_person_reads_a_line_for_each_object_and_a_sum(writer, capsys):
    parked = writer.park(exposure("i-1"))
    assert main(["exposures", "list"]) == 0
    assert f"{parked}: 1 lines; the table could not" in capsys.readouterr().out
    assert main(["exposures", "redrive"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "1 rows written" in lines[0]
    assert lines[-1] == "1 objects with 1 lines: 1 redriven, 0 kept"


@pytest.mark.parametrize("lacking", ["LARDER_OFFLINE_BUCKET", "LARDER_EXPOSURE_WRITER_FUNCTION"])
def test_a_setting_that_is_missing_is_named(writer, monkeypatch, capsys, lacking):
    monkeypatch.delenv(lacking)
    assert main(["exposures", "redrive"]) == 2
    assert lacking in capsys.readouterr().err
    if lacking == "LARDER_EXPOSURE_WRITER_FUNCTION":
        assert main(["exposures", "list"]) == 0
