"""Trainings' files: what is accepted, and what is refused with file, line, member and cure."""

from pathlib import Path

import pytest

from larder.declared.trainings import load_trainings
from larder.errors import ConfigurationError
from larder.pipelines.durations import HOUR, MINUTE
from larder.trainings.adapters.documents import from_json, to_json
from larder.trainings.definition import Metric, Rule, StepKind

GOOD = """\
name: fraud
training_set:
  labels: {query: "SELECT * FROM raw.labels WHERE at > '2026'", tables: [raw.labels]}
  event_time: at
  groups:
    - {group: card, key: card_number, features: [spend], look_back: 30d, prefix: c_}
target: is_fraud
train: {job: trainer, timeout: 3h, parameters: {rounds: 20, deep: true}}
model: {group: fraud, image: "larder-xgboost:1", environment: {A: 1}}
compare: {metric: log_loss, held_out: 12.5%, margin: 0.5}
approval: when_better
triggers:
  schedule: {every: 12h}
  new_data: [card]
  alarms: [drift]
"""


def loaded(folder, text, **options):
    path = folder / "trainings"
    path.mkdir(exist_ok=True)
    (path / "fraud.yaml").write_text(text)
    return load_trainings(path, frozenset({"card"}), **options)


def test_a_file_is_read_whole_and_travels_as_json(tmp_path):
    (found,) = loaded(tmp_path, GOOD)
    assert (found.step.kind, found.step.name, found.step.timeout) == (
        StepKind.JOB,
        "trainer",
        3 * HOUR,
    )
    assert found.step.parameters == {"rounds": "20", "deep": "true"}
    assert found.model.environment == {"A": "1"}
    assert (found.comparison.metric, found.comparison.held_out) == (Metric.LOG_LOSS, 12.5)
    assert found.rule is Rule.WHEN_BETTER
    assert found.triggers.schedule.every == 12 * HOUR
    assert from_json(to_json([found])) == {"fraud": found}


def test_what_is_left_out_has_its_default(tmp_path):
    few = GOOD[: GOOD.index("approval")].replace("{job: trainer, timeout: 3h", "{function: t")
    (found,) = loaded(tmp_path, few.replace("held_out: 12.5%, margin: 0.5", ""))
    assert (found.rule, found.step.timeout) == (Rule.PENDING, 15 * MINUTE)
    assert (found.comparison.held_out, found.comparison.margin) == (20, 0.0)
    assert found.triggers.schedule is None


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("job: trainer", "job: t, function: f", 8, "train: Member must have exactly one of [fun"),
        ("job: trainer, ", "", 8, "train: Member must have exactly one of [function, job]"),
        ("timeout: 3h", "timeout: 99d", 8, "train.timeout: Member must be from 1s to 2d"),
        ("job: trainer", "function: a b", 8, "train.function: Member must be a name or an ARN"),
        ("12.5%", "51%", 10, "compare.held_out: Member must be a share above 0%, at most 50%"),
        ("log_loss", "rmse", 10, "compare.metric: Member must satisfy enum"),
        (", tables: [raw.labels]", "", 3, "training_set.labels.tables: Member must name the tab"),
        ("SELECT *", "DROP", 3, "training_set.labels.query: Member must be one statement that"),
        ("at > ", "at; > ", 3, "training_set.labels.query: Member must be one statement that"),
        ("[card]", "[cart]", 14, "triggers.new_data[0]: Member must be a feature group that a pip"),
        ("[drift]", "['drift**']", 15, "triggers.alarms[0]: Member must be an alarm's name, in"),
        ("[drift]", "['*']", 15, "triggers.alarms[0]: Member must be an alarm's name, in which"),
        ("every: 12h", "every: 5m", 13, "triggers.schedule.every: Member must be whole minutes"),
        ("every: 12h", "every: 1h, timezone: UTC", 13, "triggers.schedule.timezone: Member must"),
        ("every: 12h", "", 13, "triggers.schedule: Member must have exactly one of [every, cron]"),
        ("name: fraud", "name: Fraud", 1, "name: Member must satisfy regular expression pattern"),
        ("target: is_fraud", "target: at", 7, "target: Member must differ from training_set.even"),
        ("look_back: 30d", "look_back: long", 6, "training_set.groups[0].look_back: Member must"),
    ],
)
def test_what_is_wrong_is_named_by_file_line_and_member(tmp_path, old, new, line, said):
    assert old in GOOD
    with pytest.raises(ConfigurationError) as refused:
        loaded(tmp_path, GOOD.replace(old, new, 1))
    assert any(
        each.startswith(f"trainings/fraud.yaml:{line}: {said}")
        for each in str(refused.value).splitlines()
    ), refused.value


def test_a_stage_of_two_persons_has_no_machine_that_approves(tmp_path):
    with pytest.raises(ConfigurationError, match=r"approval: Member must be pending: this stage"):
        loaded(tmp_path, GOOD, two_persons=True)


def test_one_name_is_one_training(tmp_path):
    loaded(tmp_path, GOOD)
    (tmp_path / "trainings" / "other.yml").write_text(GOOD)
    with pytest.raises(
        ConfigurationError, match=r"other\.yml:1: name: Member must differ from that"
    ):
        load_trainings(tmp_path / "trainings", frozenset({"card"}))


def test_a_stage_may_have_none():
    assert load_trainings(Path("nowhere"), frozenset()) == []
