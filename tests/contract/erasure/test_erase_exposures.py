"""``larder erase --exposures``: no row of the unit is left, in no version of any file."""

import boto3
import orjson
import pytest

from larder.cli.main import main
from larder.models.adapters.s3_exposures import S3LineQuarantine, S3ParkedDeliveries
from larder.models.exposure_table import exposures_table
from larder.models.record_exposures import WHOLE, LogLine
from larder.offline.adapters.redrive import S3FailureObjects
from tests.support.erasure import BYTES, PLAIN, SUBJECT
from tests.support.exposures import AT, Recording, delivery, exposure, instance, to_line
from tests.support.offline import rows_in

OTHER = f"{SUBJECT}-and-more"


class Exposed:
    """The table of exposures beside the bench's group, written by the writer itself."""

    def __init__(self, bench, monkeypatch):
        self.bench = bench
        database = f"exposed_{bench.id}"
        boto3.client("glue").create_database(DatabaseInput={"Name": database})
        monkeypatch.setenv("LARDER_DATABASE", database)
        self.group = exposures_table(database, bench.bucket)
        bench.tables.create(self.group)
        table = bench.catalog.load_table((database, "exposures"))
        with table.transaction() as change:
            change.set_properties(PLAIN | BYTES)
        self.recording = Recording(bench.tables, self.group)
        self.parked = S3ParkedDeliveries(S3FailureObjects(bench.s3, bench.bucket))
        self.quarantine = S3LineQuarantine(bench.s3, bench.bucket)

    def deliver(self, *units, first=0):
        lines = [exposure(f"i-{first + at}", unit=unit) for at, unit in enumerate(units)]
        self.recording.deliver(*lines)

    def units(self):
        return sorted(str(each["unit"]) for each in rows_in(self.bench.catalog, self.group))

    def keys(self, prefix):
        found = self.bench.s3.list_objects_v2(Bucket=self.bench.bucket, Prefix=prefix)
        return [each["Key"] for each in found.get("Contents", [])]


@pytest.fixture
def exposed(bench, monkeypatch):
    return Exposed(bench, monkeypatch)


def of(done, place):
    """What a report counted in a place, by what was counted."""
    return {each["what"]: each["count"] for each in done["traces"] if place in each["place"]}


def test_the_rows_of_the_unit_go_from_every_version_and_all_others_stay(exposed, capsys):
    exposed.deliver(SUBJECT, "u1", None)
    exposed.deliver(OTHER, SUBJECT, SUBJECT, "u2", first=10)
    both = (instance(0, unit=SUBJECT), instance(1, unit="u3"))
    exposed.recording.deliver(exposure("i-20", instances=both))

    dry = exposed.bench.run(capsys, "--exposures", "--dry-run")
    assert of(dry, ".exposures")["rows"] == 4
    assert exposed.units().count(SUBJECT) == 4

    done = exposed.bench.run(capsys, "--exposures")
    assert of(done, ".exposures")["rows"] == 4
    assert exposed.units() == sorted(["None", OTHER, "u1", "u2", "u3"])
    holding = exposed.bench.holding(f'"{SUBJECT}"') + exposed.bench.holding(f"{SUBJECT}\x00")
    assert holding == []
    assert of(exposed.bench.run(capsys, "--exposures"), ".exposures")["rows"] == 0


def test_no_byte_of_the_unit_is_left(exposed, capsys):
    for first in (0, 10):
        exposed.deliver(SUBJECT, "u1", "u2", first=first)
    assert exposed.bench.holding()
    exposed.bench.run(capsys, "--exposures")
    assert exposed.bench.holding() == []


def test_without_being_asked_exposures_stay_and_the_report_says_so(exposed, capsys):
    exposed.deliver(SUBJECT)
    done = exposed.bench.run(capsys)
    assert exposed.units() == [SUBJECT]
    assert any("--exposures" in each for each in done["never_searched"])
    asked = exposed.bench.run(capsys, "--exposures")
    assert not any("--exposures" in each for each in asked["never_searched"])
    assert any("data capture" in each for each in asked["never_searched"])


def test_lines_in_quarantine_go_and_deliveries_that_wait_are_named(exposed, capsys):
    put = exposed.quarantine.put
    mine = to_line(exposure("i-1", unit=SUBJECT))
    put(LogLine("1", mine[:-2], AT // 1000), "the line is not valid JSON")
    put(LogLine("2", to_line(exposure("i-2", unit=OTHER))[:-2], AT // 1000), "not valid")
    waiting = orjson.dumps(delivery(exposure("i-3", unit=SUBJECT), exposure("i-4", unit="u1")))
    exposed.parked.put(waiting)

    done = exposed.bench.run(capsys, "--exposures")

    assert of(done, "exposures/quarantine/") == {"lines": 1}
    assert of(done, "exposures/parked/") == {"lines": 1}
    [left] = [each["left"] for each in done["traces"] if "parked" in each["place"]]
    assert "larder exposures redrive" in left
    assert len(exposed.keys("exposures/quarantine/")) == 1
    assert len(exposed.keys("exposures/parked/")) == 1
    assert of(exposed.bench.run(capsys, "--exposures"), "exposures/quarantine/") == {"lines": 0}


def test_what_cannot_be_read_among_them_is_said(exposed, capsys):
    body = {"Bucket": exposed.bench.bucket, "Body": b"\x00"}
    exposed.bench.s3.put_object(Key="exposures/parked/strange.json", **body)
    whole = LogLine(WHOLE, '{"data":"no gzip"}', AT // 1000)
    key = exposed.quarantine.put(whole, "the delivery is not of a log subscription")
    done = exposed.bench.run(capsys, "--exposures", status=1)
    told = [each["unsearched"] for each in done["traces"] if each["unsearched"]]
    assert len(told) == 2
    assert key in told[0]
    assert "exposures/parked/strange.json" in told[1]


def test_where_there_never_was_an_exposure_nothing_is_found(bench, monkeypatch, capsys):
    monkeypatch.setenv("LARDER_DATABASE", f"none_{bench.id}")
    done = bench.run(capsys, "--exposures")
    assert of(done, ".exposures") == {"rows": 0}


def test_without_its_database_exposures_are_refused_with_the_cure(bench, monkeypatch, capsys):
    monkeypatch.delenv("LARDER_DATABASE", raising=False)
    assert main(["erase", bench.group.name, SUBJECT, "--exposures"]) == 2
    assert "set LARDER_DATABASE" in capsys.readouterr().err
    assert any("LARDER_DATABASE" in each for each in bench.run(capsys)["never_searched"])
