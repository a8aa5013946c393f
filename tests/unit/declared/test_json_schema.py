"""The schema that editors check definition files by."""

import copy
import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from larder.cli.main import main
from larder.declared.json_schema import json_schema

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "docs" / "feature_group.schema.json"
FILES = sorted([*ROOT.glob("features/*.yaml"), *ROOT.glob("examples/pipelines/*.yaml")])


def validator():
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def members(path):
    return json.loads(json.dumps(yaml.safe_load(path.read_text()), default=str))


def test_the_published_schema_is_the_one_that_files_are_checked_by(capsys):
    assert main(["pipeline", "schema"]) == 0
    assert PUBLISHED.read_text() == capsys.readouterr().out, "run `make docs`"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_definitions_that_ship_fulfil_it(path):
    assert [error.message for error in validator().iter_errors(members(path))] == []


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("emit", "sometimes"),
        ("emit", {"each": "1h"}),
        ("engine", "presto"),
        ("sorce", {}),
        ("start", 2025),
        ("schedule", "daily"),
        ("late", {"wait": 5}),
    ],
)
def test_an_editor_sees_what_is_wrong(member, value):
    document = members(ROOT / "examples/pipelines/card.yaml")
    wrong = copy.deepcopy(document)
    wrong["pipeline"][member] = value
    assert validator().is_valid(document)
    assert not validator().is_valid(wrong)


@pytest.mark.parametrize("value", ["off", False, {"cron": "cron(0 * * * ? *)", "timezone": "UTC"}])
def test_a_schedule_may_be_off(value):
    document = members(ROOT / "examples/pipelines/card.yaml")
    document["pipeline"]["schedule"] = value
    assert validator().is_valid(document)
