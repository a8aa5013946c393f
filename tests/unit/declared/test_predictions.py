"""Files of predictions: what they say, the groups that they make, and what is refused of them."""

from pathlib import Path

import pytest

from larder.declared.predictions import load_predictions, load_target_groups
from larder.errors import ConfigurationError
from larder.groups.feature_group import CollectionType, FeatureType
from larder.pipelines.checks.expectation import Kind, Severity
from larder.pipelines.durations import DAY, HOUR
from larder.predictions.definition import Choice

RICH = """\
name: credit
description: How likely a default is
owner: risk@example.com
model: {group: credit-models, alias: champion}
source: {group: customer}
target:
  group: customer_credit
  record_identifier: customer_id
  type: Integral
  event_time: at
  ttl: {unit: Days, value: 40}
  tags: {team: risk}
  grants: {read: ["role/Reader"]}
scores:
  - {name: probability, description: From 0 to 1, expect: {min: 0, max: 1, nulls: 0.5%}}
schedule: {every: 4h}
expect:
  - rows: {min: 10, compared_to: 7 runs, within: 20%}
  - sql: probability >= 0
    severity: warn
  - refused: 2.5%
  - drift: 0.25
tolerate: 1%
freshness: 8h
shard_rows: 1000
revision: 3
"""
PLAIN = """\
name: likes
model: {group: recommender, version: 7}
source: {group: shopper}
target: {record_identifier: shopper_id, storage_type: InMemory}
scores: [{name: products, type: Integral, collection: List}]
schedule: off
"""


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "predictions"
    path.mkdir()
    return path


def loaded(folder, text, name="it.yaml"):
    (folder / name).write_text(text)
    return load_predictions(folder)


def complaints(folder, text):
    with pytest.raises(ConfigurationError) as refused:
        loaded(folder, text)
    return str(refused.value)


def test_the_predictions_that_ship_are_right():
    root = Path(__file__).parents[3]
    found = load_predictions(root / "predictions")
    assert [each.name for each in found] == ["credit_score", "recommendations"]
    groups = load_target_groups(root / "predictions", {})
    assert [each["Request"]["FeatureGroupName"] for each in groups] == [
        "credit_score",
        "recommendations",
    ]


def test_a_file_says_everything_that_a_prediction_can_be(folder):
    (found,) = loaded(folder, RICH)
    assert (found.model.choice, found.model.alias) == (Choice.ALIAS, "champion")
    assert (found.source, found.target.group) == ("customer", "customer_credit")
    assert found.target.identifier_type is FeatureType.INTEGRAL
    assert (found.schedule.every, found.freshness) == (4 * HOUR, 8 * HOUR)
    assert (found.tolerated, found.refused, found.drift) == (1, 2.5, 0.25)
    kinds = [(each.kind, each.feature, each.severity) for each in found.expect]
    error, warn = Severity.ERROR, Severity.WARN
    assert kinds == [
        (Kind.ROWS_MIN, "", error),
        (Kind.ROWS_COMPARED, "", error),
        (Kind.SQL, "", warn),
        (Kind.MIN, "probability", error),
        (Kind.MAX, "probability", error),
        (Kind.NULLS, "probability", error),
    ]
    assert (found.shard_rows, found.revision) == (1000, 3)


def test_the_group_that_a_deployment_makes_has_the_scores_and_their_version(folder):
    loaded(folder, RICH)
    (document,) = load_target_groups(folder, {})
    request = document["Request"]
    assert request["FeatureGroupName"] == "customer_credit"
    features = {each["FeatureName"]: each["FeatureType"] for each in request["FeatureDefinitions"]}
    assert features == {
        "customer_id": "Integral",
        "at": "String",
        "probability": "Fractional",
        "model_version": "String",
    }
    assert request["OnlineStoreConfig"]["TtlDuration"] == {"Unit": "Days", "Value": 40}
    assert document["Grants"] == {"read": ["role/Reader"]}


def test_a_list_takes_all_outputs_and_a_word_stops_the_schedule(folder):
    (found,) = loaded(folder, PLAIN)
    assert (found.model.choice, found.model.version) == (Choice.VERSION, 7)
    assert found.scores[0].collection is CollectionType.LIST
    assert (found.schedule.every, found.schedule.cron) == (None, None)


def test_a_prediction_may_publish_in_a_group_that_exists(folder):
    existing = PLAIN.replace("storage_type: InMemory", "group: mine, existing: true")
    (found,) = loaded(folder, existing)
    assert not found.target.is_made
    assert load_target_groups(folder, {"mine": "features/mine.yaml"}) == []


def test_there_need_not_be_a_folder(tmp_path):
    assert load_predictions(tmp_path / "predictions") == []


WRONG = {
    "two ways to choose": (
        ("alias: champion", "alias: champion, version: 7"),
        "it.yaml:4: model: Member must have exactly one of [approved, alias, version] "
        "(it is of alias, version)",
    ),
    "no way to choose": (
        (", alias: champion", ""),
        "it.yaml:4: model: Member must have exactly one of [approved, alias, version] "
        "(it is of none)",
    ),
    "its own source": (
        ("group: customer_credit", "group: customer"),
        "it.yaml:7: target.group: Member must be another group than source.group",
    ),
    "an unknown member": (("owner:", "owners:"), "it.yaml:3: owners: "),
    "a length without a unit": (
        ("every: 4h", "every: '4'"),
        "it.yaml:16: schedule.every: Member must be a length",
    ),
    "too often": (
        ("every: 4h", "every: 4m"),
        "it.yaml:16: schedule.every: Member must be whole minutes, from 5m to 31d (it is '4m')",
    ),
    "a zone of a length": (
        ("every: 4h", "every: 4h, timezone: Europe/Berlin"),
        "it.yaml:16: schedule.timezone: Member must be left out without cron",
    ),
    "fresher than the schedule": (
        ("freshness: 8h", "freshness: 1h"),
        "it.yaml:24: freshness: Member must be at least schedule.every, which is 4h",
    ),
    "a score of a taken name": (
        ("scores:\n", "scores:\n  - {name: model_version}\n"),
        "it.yaml:15: scores[0].name: Member must differ from all of",
    ),
    "a check of another feature": (
        ("sql: probability >= 0", "sql: other >= 0"),
        "it.yaml:19: expect[1].sql: Member must read features of the file",
    ),
    "a share above all": (
        ("nulls: 0.5%", "nulls: 500%"),
        "it.yaml:15: scores[0].expect.nulls: Member must be a share of rows",
    ),
    "a severity of drift": (
        ("drift: 0.25", "drift: 0.25\n    severity: warn"),
        "it.yaml:23: expect[3].severity: Member must be left out with drift",
    ),
    "lists among others": (
        ("scores:\n", "scores:\n  - {name: all, collection: List}\n"),
        "scores[0].collection: Member must be left out with several scores",
    ),
    "not YAML": (("name: credit", "name: {"), "this is not YAML"),
}


@pytest.mark.parametrize(("change", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_with_file_line_member_and_cure(folder, change, said):
    assert RICH.replace(*change) != RICH
    assert said in complaints(folder, RICH.replace(*change))


def test_two_files_may_not_name_one_prediction_or_one_group(folder):
    (folder / "a.yaml").write_text(RICH)
    told = complaints(folder, RICH.replace("name: credit", "name: other", 1))
    assert "it.yaml:6: target: Member must differ from that of predictions/a.yaml" in told


def test_a_group_that_a_definition_file_makes_is_not_made_twice(folder):
    loaded(folder, RICH)
    with pytest.raises(ConfigurationError, match=r"existing: true"):
        load_target_groups(folder, {"customer_credit": "features/it.yaml"})


def test_a_month_between_runs_is_a_cron_expression(folder):
    cron = RICH.replace("{every: 4h}", '{cron: "0 2 1 * ? *", timezone: Europe/Berlin}')
    (found,) = loaded(folder, cron.replace("freshness: 8h", "freshness: 35d"))
    assert (found.schedule.cron, found.schedule.timezone) == ("0 2 1 * ? *", "Europe/Berlin")
    assert found.freshness == 35 * DAY
