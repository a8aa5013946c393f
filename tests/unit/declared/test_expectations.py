"""``expect`` of definition files: what it becomes, and what is said where it is wrong."""

from pathlib import Path

import pytest

from larder.declared.files import load_definitions, load_pipeline, load_pipelines
from larder.errors import ConfigurationError
from larder.pipelines.adapters.documents import from_json, to_json
from larder.pipelines.checks.expectation import Expectation, Kind, Severity
from larder.pipelines.durations import HOUR

EXAMPLES = Path(__file__).parents[3] / "examples" / "pipelines"
FILE = """\
name: card
record_identifier: card_id
event_time: at
online: {{}}
offline: {{table_format: Iceberg}}
pipeline:
  source: {{table: pay.events, time: happened_at, order: [event_id]}}
  emit: {{every: 1h}}
  available_after: 2h
  start: 2025-01-01
  expect: [{of_rows}]
features:
  - {{name: card_id, type: String}}
  - {{name: at, type: String{of_at}}}
  - {{name: n, type: Integral, aggregate: {{function: count, window: 24h}}, expect: {{{of_n}}}}}
  - {{name: x, type: Fractional, aggregate: {{function: avg, of: x, window: 24h}}, expect: {{{of_x}}}}}
  - {{name: city, type: String, latest: city, expect: {{{of_city}}}}}
"""
SOUND = {"of_rows": "rows: {min: 1}", "of_n": "min: 0", "of_x": "min: 0", "of_city": "nulls: 5%"}
WARN = Severity.WARN


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "features").mkdir()
    return tmp_path / "features"


def written(folder, **parts):
    given = {**SOUND, **parts}
    given["of_rows"] = "{" + given["of_rows"] + "}"
    given["of_at"] = f", expect: {{{parts['of_at']}}}" if "of_at" in parts else ""
    path = folder / "card.yaml"
    path.write_text(FILE.format(**given))
    return path


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("rows: {min: 1, max: 9}", [{"kind": Kind.ROWS_MIN, "bound": 1},
                                    {"kind": Kind.ROWS_MAX, "bound": 9}]),
        ("rows: {compared_to: 7 runs, within: 50%}",
         [{"kind": Kind.ROWS_COMPARED, "bound": 50, "runs": 7}]),
        ("keys: {min: 2, max: 3, compared_to: 12 runs, within: 12.5%}",
         [{"kind": Kind.KEYS_MIN, "bound": 2}, {"kind": Kind.KEYS_MAX, "bound": 3},
          {"kind": Kind.KEYS_COMPARED, "bound": 12.5, "runs": 12}]),
        ("unique: [card_id, at], severity: warn",
         [{"kind": Kind.UNIQUE, "columns": ("card_id", "at"), "severity": WARN}]),
        ("freshness: 1h", [{"kind": Kind.FRESHNESS, "bound": HOUR}]),
        ("sql: n >= 1 OR city IS NULL",
         [{"kind": Kind.SQL, "condition": "n >= 1 OR city IS NULL",
           "computed": "n >= 1 OR city IS NULL"}]),
    ],
    ids=["bounds", "compared", "keys", "unique", "freshness", "sql"],
)  # fmt: skip
def test_what_is_expected_of_rows_is_as_the_file_says(folder, text, found):
    expected = load_pipeline(written(folder, of_rows=text)).expect
    assert list(expected[:-3]) == [Expectation(**each) for each in found]


@pytest.mark.parametrize(
    ("part", "text", "found"),
    [
        ("of_n", "min: 0, max: 5000", [{"kind": Kind.MIN, "bound": 0},
                                      {"kind": Kind.MAX, "bound": 5000}]),
        ("of_x", "max: 1.5, nulls: 0.1%, zeros: 20%, severity: warn",
         [{"kind": Kind.MAX, "bound": 1.5, "severity": WARN},
          {"kind": Kind.NULLS, "bound": 0.1, "severity": WARN},
          {"kind": Kind.ZEROS, "bound": 20, "severity": WARN}]),
        ("of_city", "in: ['NO', SE]", [{"kind": Kind.IN, "values": ("NO", "SE")}]),
        ("of_n", "in: [1, 2]", [{"kind": Kind.IN, "values": ("1", "2")}]),
    ],
    ids=["bounds", "shares", "in", "in-numbers"],
)  # fmt: skip
def test_what_is_expected_of_a_feature_is_as_the_file_says(folder, part, text, found):
    expected = load_pipeline(written(folder, **{part: text})).expect
    name = part.removeprefix("of_")
    assert [each for each in expected if each.feature == name] == [
        Expectation(feature=name, **each) for each in found
    ]


def test_a_list_of_values_may_be_a_file_beside_the_definition(folder):
    (folder / "codes.txt").write_text("NO\n\n  SE \nÉ\nNO\n", encoding="utf-8")
    path = written(folder, of_city="in: {file: codes.txt}")
    assert load_pipeline(path).expect[-1].values == ("NO", "SE", "É")
    (pipeline,) = load_pipelines(folder)
    assert pipeline.expect[-1].values == ("NO", "SE", "É")


def test_expectations_reach_the_functions_as_they_are(folder):
    pipeline = load_pipeline(written(folder, of_rows="sql: n > 1", of_x="min: 0.1, max: 1"))
    assert from_json(to_json([pipeline], {})).by_name["card"].expect == pipeline.expect
    for each in load_pipelines(EXAMPLES):
        assert from_json(to_json([each], {})).by_name[each.group].expect == each.expect != ()


@pytest.mark.parametrize(
    ("part", "text", "words"),
    [
        ("of_rows", "rows: {within: 50%}", "11: pipeline.expect[0].rows.compared_to: Member must be"),
        ("of_rows", "rows: {compared_to: 7 runs}", "11: pipeline.expect[0].rows.within: Member must"),
        ("of_rows", "keys: {}", "11: pipeline.expect[0].keys: Member must have min, max, or"),
        ("of_rows", "rows: {min: 5, max: 4}",
         "11: pipeline.expect[0].rows.max: Member must be at least min, which is 5 (it is '4')"),
        ("of_rows", "freshness: soon", "11: pipeline.expect[0].freshness: Member must be a length"),
        ("of_rows", "freshness: 0h", "11: pipeline.expect[0].freshness: Member must be a length"),
        ("of_rows", "sql: n + 1",
         "11: pipeline.expect[0].sql: Member must be a condition on one row: n + 1 is no condition"),
        ("of_rows", "sql: n > now()", "gives another value at each run"),
        ("of_rows", "sql: COUNT(n) > 1", "is not allowed: use operators"),
        ("of_rows", "sql: m > 1", "Member must read features of the file, and not the event time (it is 'm')"),
        ("of_rows", "sql: at > 'x'", "and not the event time (it is 'at')"),
        ("of_at", "nulls: 0%", "14: features[1].expect: Member must be left out of the event time"),
        ("of_n", "min: 2, max: 1", "15: features[2].expect.max: Member must be at least min"),
        ("of_x", "nulls: 101%", "16: features[3].expect.nulls: Member must be a share of rows, at"),
        ("of_x", "in: ['1.5']", "16: features[3].expect.in: Member must be left out of a feature of"),
        ("of_city", "max: 1", "17: features[4].expect.max: Member must be left out of a feature of "
         "type String (it is 'city')"),
        ("of_city", "zeros: 1%", "17: features[4].expect.zeros: Member must be left out"),
        ("of_city", "severity: warn", "17: features[4].expect: Member must have one of [min, max"),
        ("of_city", "in: {file: none.txt}", "17: features[4].expect.in.file: Member must be a text "
         "file beside the definition, with a value a line: No such file or directory"),
        ("of_city", "in: {file: /etc/hosts}", "must be relative to the definition's folder"),
        ("of_city", "in: {file: empty.txt}", "and 1 to 10,000 of them, not 0 (it is 'empty.txt')"),
        ("of_city", "in: {file: latin.txt}", "17: features[4].expect.in.file: Member must be a text"),
    ],
    ids=map(str, range(22)),
)  # fmt: skip
def test_what_can_not_be_checked_is_refused_with_file_line_and_member(folder, part, text, words):
    (folder / "empty.txt").write_text("\n")
    (folder / "latin.txt").write_bytes(b"\xe9\n")
    written(folder, **{part: text})
    with pytest.raises(ConfigurationError) as caught:
        load_definitions(folder)
    assert words in str(caught.value)
    assert str(caught.value).startswith("features/card.yaml:")
