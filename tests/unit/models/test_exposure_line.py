"""An exposure as a line of the log, and data capture's choices."""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.models.capture import Captured, Exchange, Side, captured, is_sampled
from larder.models.exposure import KIND
from larder.models.exposure_line import UnreadableLine, from_line
from larder.models.json_numbers import parsed, written
from tests.support.exposures import exposure, shadow_exposure, to_line

TEXT = Exchange("text/csv", b"1,2", "text/csv", "0.5\n")
CONFIG = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://b/p",
    "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
}


@pytest.mark.parametrize("made", [exposure(), shadow_exposure(), exposure(unit=None, scores=None)])
def test_a_line_is_read_back_whole(made):
    assert from_line(to_line(made)) == made


def test_what_is_captured_is_read_back_whole():
    side = Side("text/csv", "1,2", "CSV")
    capture = Captured(destination="s3://b", kms_key="", input=side, output=None)
    made = replace(exposure(), capture=capture)
    assert from_line(to_line(made)) == made


@pytest.mark.parametrize(
    "line", ["", "not json", '{"level":"INFO"}', f'{{"path":"{KIND}"}}', "[1]"]
)
def test_lines_of_other_kinds_are_no_exposures(line):
    assert from_line(line) is None


def broken_lines():
    document = json.loads(to_line(exposure()))
    yield to_line(exposure())[:-9]
    for member in document.keys() - {"level", "kind", "forced"}:
        yield json.dumps({name: each for name, each in document.items() if name != member})
        yield json.dumps(document | {member: {"a": [1]}})
    yield json.dumps(document | {"capture": 5})
    yield json.dumps(document | {"time": 2e63})
    yield json.dumps(document | {"instances": [document["instances"][0] | {"variant": "C"}]})
    yield json.dumps(document | {"instances": [document["instances"][0] | {"inputs": [[1]]}]})


@pytest.mark.parametrize("line", sorted(broken_lines()))
def test_a_broken_line_is_said_to_be_one(line):
    with pytest.raises(UnreadableLine):
        from_line(line)


@given(st.lists(st.floats()))
def test_all_floats_survive_json(values):
    again = parsed(json.loads(json.dumps(written(values))))
    assert list(map(repr, again)) == list(map(repr, values))


@pytest.mark.parametrize(
    ("modes", "sides"),
    [
        (["Input"], (True, False)),
        (["Output"], (False, True)),
        (["Input", "Output"], (True, True)),
        (["InputAndOutput"], (True, True)),
    ],
)
def test_the_sides_that_are_asked_for_are_captured(modes, sides):
    config = CONFIG | {"CaptureOptions": [{"CaptureMode": each} for each in modes]}
    got = captured(config, "i", TEXT)
    assert (got.input is not None, got.output is not None) == sides


@pytest.mark.parametrize(
    ("headers", "body", "side"),
    [
        ({}, b"1,2", Side("text/csv", "MSwy", "BASE64")),
        ({"CsvContentTypes": ["text/csv"]}, b"1,2", Side("text/csv", "1,2", "CSV")),
        ({"CsvContentTypes": ["TEXT/CSV"]}, b"1,2", Side("text/csv", "1,2", "CSV")),
        ({"JsonContentTypes": ["text/csv"]}, b"{}", Side("text/csv", "{}", "JSON")),
        ({"CsvContentTypes": ["text/csv"]}, b"\xff", Side("text/csv", "/w==", "BASE64")),
    ],
)
def test_the_encoding_follows_the_content_types_that_are_named(headers, body, side):
    config = CONFIG | {"CaptureContentTypeHeader": headers}
    assert captured(config, "i", replace(TEXT, body=body)).input == side


@pytest.mark.parametrize("off", [{}, CONFIG | {"EnableCapture": False}])
def test_nothing_is_captured_where_capture_is_off(off):
    assert captured(off, "i", TEXT) is None


@pytest.mark.parametrize("percentage", [0, 25, 100])
def test_a_share_of_the_inference_ids_is_captured_and_always_the_same(percentage):
    config = CONFIG | {"InitialSamplingPercentage": percentage}
    taken = [is_sampled(config, f"i{number}") for number in range(4000)]
    assert taken == [is_sampled(config, f"i{number}") for number in range(4000)]
    assert abs(sum(taken) / 4000 - percentage / 100) <= 0.03


def test_a_line_without_its_instances_has_a_row_for_each_variant():
    document = json.loads(to_line(exposure())) | {"instances": [], "instances_cut": 5000}
    made = from_line(json.dumps(document))
    assert [each.status for each in made.instances] == ["InstancesCut"]
    assert made.cut == ("instances",)


@pytest.mark.parametrize(
    ("inputs", "read"),
    [
        ([1.5, None, "Infinity"], [1.5, math.nan, math.inf]),
        ([1.5, "where is my order?"], None),
        (["where is my order?"], None),
    ],
)
def test_a_vector_with_texts_is_known_by_its_digest_alone(inputs, read):
    document = json.loads(to_line(exposure()))
    document["instances"][0] |= {"inputs": inputs, "vector_sha256": "ab"}
    instance = from_line(json.dumps(document)).instances[0]
    assert instance.vector_sha256 == "ab"
    found = None if instance.inputs is None else list(map(str, instance.inputs))
    assert found == (None if read is None else list(map(str, read)))
