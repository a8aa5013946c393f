"""What a training set is asked to be, checked against the groups there are."""

from datetime import timedelta

import pytest

from larder.cli.training_set import duration, group_features, pairs
from larder.errors import ValidationError
from larder.event_time import NANOS
from larder.offline.feature_table import FeatureTable
from larder.training_sets.spec import GroupFeatures, TrainingSetSpec, check_apart, plan
from tests.support.groups import feature_group

TABLES = {name: FeatureTable.of(feature_group(name)) for name in ("a", "b")}


def planned(*groups, **changes):
    return plan(TrainingSetSpec(name="s", event_time="t", groups=groups, **changes), TABLES)


def outputs(*groups, **changes):
    return [output for join in planned(*groups, **changes) for _, output in join.features]


def test_all_features_but_identifier_and_event_time_are_the_default():
    assert outputs(GroupFeatures(group="a")) == ["clicks", "score", "city"]


def test_features_are_renamed_prefixed_or_given_full_names():
    some = GroupFeatures(group="a", features=["clicks", "event_time"], rename={"event_time": "at"})
    assert outputs(some, GroupFeatures(group="b", prefix="b ")) == [
        *("clicks", "at"),
        *("b clicks", "b score", "b city"),
    ]
    both = (
        GroupFeatures(group="a", features=["city"]),
        GroupFeatures(group="b", features=["city"]),
    )
    assert outputs(*both, full_names=True) == ["a__city", "b__city"]


def test_a_group_may_be_asked_twice_by_different_keys():
    origin = GroupFeatures(group="a", features=["city"], key="origin", prefix="o_")
    joins = planned(origin, GroupFeatures(group="a", features=["city"], prefix="d_"))
    assert [(join.key.number, join.key.column) for join in joins] == [
        (0, "origin"),
        (1, "customer_id"),
    ]


def test_a_look_back_is_exact():
    (join,) = planned(GroupFeatures(group="a", look_back=timedelta(days=7, microseconds=1)))
    assert join.cut.look_back == 7 * 86_400 * NANOS + 1000


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ((), "features of at least one feature group"),
        (
            (GroupFeatures(group="a", features=["click"]),),
            "no feature 'click'; did you mean 'clicks'",
        ),
        ((GroupFeatures(group="a", features=["qqq"]),), "no feature 'qqq'; it has customer_id"),
        ((GroupFeatures(group="a", features=[]),), "no feature of a is asked for"),
        ((GroupFeatures(group="a"), GroupFeatures(group="b")), "'clicks' occurs 2 times"),
        ((GroupFeatures(group="a", rename={"city": 'x"y'}),), "is no plain name"),
        (
            (GroupFeatures(group="a", features=["city"], rename={"score": "x"}),),
            "to rename but not",
        ),
        ((GroupFeatures(group="a", look_back=timedelta(0)),), "not a positive duration"),
    ],
)
def test_what_can_not_be_made_is_refused_in_words(groups, words):
    with pytest.raises(ValidationError, match=words):
        planned(*groups)


def test_features_named_like_label_columns_are_refused():
    with pytest.raises(ValidationError, match="have the same names: clicks; rename"):
        check_apart(["Clicks"], planned(GroupFeatures(group="a")))


def test_a_group_without_history_is_refused():
    with pytest.raises(ValidationError, match="has no offline store, so it keeps no history"):
        FeatureTable.of(feature_group("c", offline=None))


def test_options_of_the_command_line_become_what_is_asked():
    found = group_features(
        ["a:clicks,score=s", "a:city", "b"],
        keys={"a": "customer"},
        look_backs={"b": "90m"},
        prefixes={},
    )
    assert found == (
        GroupFeatures(
            group="a", features=["clicks", "score", "city"], key="customer", rename={"score": "s"}
        ),
        GroupFeatures(group="b", look_back=timedelta(minutes=90)),
    )


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: pairs(["a"], "--key"), "--key takes GROUP=VALUE, not 'a'"),
        (lambda: pairs(["a=x", "a=y"], "--key"), "--key is given twice for a"),
        (lambda: duration("7 days"), "'7 days' is no duration"),
        (
            lambda: group_features(["a"], keys={"b": "x"}, look_backs={}, prefixes={}),
            "no --features are asked of b",
        ),
        (
            lambda: group_features(["a", "a:city"], keys={}, look_backs={}, prefixes={}),
            "asks both for all and for some of a",
        ),
    ],
)
def test_options_that_make_no_sense_are_refused(ask, words):
    with pytest.raises(ValidationError, match=words):
        ask()
