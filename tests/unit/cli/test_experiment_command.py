"""``larder experiment report``: its words, and the labels that it takes."""

import pytest

from larder.cli.experiment import lines
from larder.client.experiments import ExperimentsClient
from larder.errors import ResourceNotFound, ValidationError
from larder.wiring.experiments import Experiments, labels_of_file
from tests.support.exposure_rows import Exposures

BOTH = {"A": 1.0, "B": 1.0}


@pytest.fixture
def client():
    exposures = Exposures()
    for number in range(40):
        exposures.add(f"i{number}", f"u{number}", "AB"[number % 2], BOTH, score=number / 40)
    exposures.add("i0", "u0", "Shadow", {}, shadow=1)
    return ExperimentsClient(Experiments(exposures, "larder_dev"))


def test_a_report_for_a_person(client):
    labels = {f"i{number}": float(number % 4 == 0) for number in range(40)}
    told = list(lines(client.report("scoring", labels=labels)))
    assert told[0] == "scoring: 40 units"
    assert told[1] == "  A: 20 units (20 expected); 20 exposures"
    assert "    label: mean 0.5 of 20 units" in told
    assert "  Shadow (shadow): 1 exposures" in told
    assert "split: chi-square 0.00, p = 1" in told
    assert told[-1].startswith("label of B less that of A: -0.5 (95 % confidence: ")


def test_a_suspect_split_is_said(client):
    for number in range(100, 300):
        client.experiments.queries.add(f"i{number}", f"u{number}", "A", BOTH)
    told = "\n".join(lines(client.report("scoring")))
    assert "SUSPECT" in told


@pytest.mark.parametrize("name", ["labels.csv", "labels.jsonl"])
def test_labels_come_from_a_file(client, tmp_path, name):
    path = tmp_path / name
    if name.endswith("csv"):
        path.write_text("inference_id,label\ni0,1\ni1,0\ni2,\ni3,0.5\n")
    else:
        rows = ['{"inference_id":"i0","label":1}', '{"inference_id":"i1","label":0}']
        path.write_text("\n".join([*rows, '{"inference_id":"i3","label":0.5}']))
    assert labels_of_file(path) == {"i0": 1.0, "i1": 0.0, "i3": 0.5}
    assert client.report("scoring", labels=str(path)).variants[1].label.count == 2


def test_labels_come_from_a_table(client):
    client.experiments.queries.labels({"i0": 1.0})
    for name in ("labels", "larder_dev.labels"):
        assert client.report("scoring", labels=name).variants[0].label.count == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("inference_id,outcome\ni0,1\n", "lacks the column 'label'"),
        ("inference_id,label\ni0,1\ni1,yes\n", "row 2 of"),
    ],
)
def test_labels_that_can_not_be_taken_are_refused(tmp_path, text, words):
    path = tmp_path / "labels.csv"
    path.write_text(text)
    with pytest.raises(ValidationError, match=words):
        labels_of_file(path)


@pytest.mark.parametrize(
    "since", ["2026-11-27", "2026-11-27T12:00:00Z", "2026-11-27T14:00:00+02:00"]
)
def test_instants_are_of_utc_unless_they_say_otherwise(client, since):
    assert client.report("scoring", since=since).units == 40
    with pytest.raises(ResourceNotFound):
        client.report("scoring", since="2026-11-27T12:00:00.001Z")


def test_an_instant_that_is_none_is_refused(client):
    with pytest.raises(ValidationError, match="since: 'yesterday' is no ISO-8601 instant"):
        client.report("scoring", since="yesterday")
