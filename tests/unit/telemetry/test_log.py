"""Log lines and metrics as CloudWatch reads them."""

import json
from dataclasses import replace

import pytest

from larder.telemetry.log import Log, trace_of
from larder.telemetry.metrics import Metric
from tests.support.logs import collecting


def test_a_line_is_one_json_object_with_its_level(capsys):
    Log().line("WARNING", message="two\nlines", count=3, absent=None, group="g")
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {
        "level": "WARNING",
        "message": "two\nlines",
        "count": 3,
        "group": "g",
    }


@pytest.mark.parametrize(
    ("value", "written"),
    [(object, "<class 'object'>"), ("\ud800", "\ud800"), (2**70, 2**70), ({"a": [1]}, {"a": [1]})],
)
def test_no_value_fails_the_line(value, written):
    lines = []
    collecting(lines).line("INFO", path=value)
    assert json.loads(lines[0])["path"] == written


def test_metrics_have_the_dimensions_of_the_log_and_its_time():
    lines = []
    log = replace(Log.of("dev", "f"), write=lines.append, clock=lambda: 12.5)
    log.metrics({Metric.OFFLINE_ROWS: (3.0, "Count")})
    assert json.loads(lines[0]) == {
        "_aws": {
            "Timestamp": 12_500,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Larder",
                    "Dimensions": [["Stage", "Function"]],
                    "Metrics": [{"Name": "OfflineRows", "Unit": "Count"}],
                }
            ],
        },
        "Function": "f",
        "Stage": "dev",
        "OfflineRows": 3.0,
    }


def test_no_metrics_are_no_line():
    lines = []
    collecting(lines).metrics({})
    assert lines == []


SECRET = "a value of a record"


def _fail():
    raise ValueError(SECRET)


def _wrap():
    try:
        _fail()
    except ValueError as error:
        raise KeyError(SECRET) from error


def _handle_badly():
    try:
        _fail()
    except ValueError:
        raise TypeError(SECRET)  # noqa: B904 - here the cause is implicit


@pytest.mark.parametrize(("function", "outer"), [(_wrap, KeyError), (_handle_badly, TypeError)])
def test_a_trace_has_the_places_and_types_of_all_causes_and_no_message(function, outer):
    with pytest.raises(outer) as raised:
        function()
    trace = trace_of(raised.value)
    first, cause = trace.split("\ncaused by\n")
    assert first.endswith(outer.__name__)
    assert f"in {function.__name__}" in first
    assert cause.endswith("ValueError")
    assert "in _fail" in cause
    assert SECRET not in trace


def test_a_cause_that_is_suppressed_is_left_out():
    def suppress():
        try:
            _fail()
        except ValueError:
            raise TypeError(SECRET) from None

    with pytest.raises(TypeError) as raised:
        suppress()
    assert "caused by" not in trace_of(raised.value)
