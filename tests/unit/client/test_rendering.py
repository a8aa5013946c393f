"""Python values become texts that mean the same, or are refused by name."""

from collections import OrderedDict
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.client.rendering import rendered, scalar_text
from larder.errors import ValidationError
from larder.event_time import EventTimeType, event_time_nanos, parse_event_time
from larder.groups.feature_group import CollectionType, FeatureDefinition, FeatureType
from larder.records.feature_values import check_value, typed_value
from tests.support.groups import FEATURES, feature_group

INTEGRAL = FeatureDefinition("clicks", FeatureType.INTEGRAL)
FRACTIONAL = FeatureDefinition("score", FeatureType.FRACTIONAL)
STRING = FeatureDefinition("city", FeatureType.STRING)
NOON = datetime(2024, 5, 1, 12, 0, 0, 250_000, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("feature", "value", "text"),
    [
        (INTEGRAL, 7, "7"),
        (INTEGRAL, "07", "07"),
        (INTEGRAL, 3.0, "3"),
        (INTEGRAL, -(2**63), str(-(2**63))),
        (INTEGRAL, np.int32(7), "7"),
        (INTEGRAL, np.float64(7), "7"),
        (INTEGRAL, Decimal("7.0"), "7"),
        (FRACTIONAL, 0.1, "0.1"),
        (FRACTIONAL, 5, "5"),
        (FRACTIONAL, 1e300, "1e+300"),
        (FRACTIONAL, -0.0, "-0.0"),
        (FRACTIONAL, np.float32(0.5), "0.5"),
        (FRACTIONAL, Decimal("0.10"), "0.10"),
        (FRACTIONAL, NOON, "1714557600.25"),
        (STRING, "as it is", "as it is"),
        (STRING, np.str_("x"), "x"),
        (STRING, 7, "7"),
        (STRING, 0.5, "0.5"),
        (STRING, NOON, "2024-05-01T10:00:00.250Z"),
        (STRING, pd.Timestamp("2024-05-01T10:00:00.000000001Z"), "2024-05-01T10:00:00.000000001Z"),
    ],
)
def test_a_value_is_written_as_the_text_that_means_it(feature, value, text):
    assert scalar_text(feature, value) == text
    assert check_value(feature, text) == text


@pytest.mark.parametrize(
    ("feature", "value", "why"),
    [
        (FRACTIONAL, float("nan"), "not finite"),
        (FRACTIONAL, np.float32("inf"), "not finite"),
        (FRACTIONAL, Decimal("NaN"), "not finite"),
        (STRING, float("nan"), "not finite"),
        (INTEGRAL, 2.5, "no exact whole number"),
        (INTEGRAL, 2.0**60, "no exact whole number"),
        (INTEGRAL, Decimal("2.5"), "no exact whole number"),
        (INTEGRAL, True, "truth value"),
        (STRING, False, "truth value"),
        (INTEGRAL, NOON, "is a time"),
        (STRING, datetime(2024, 1, 1), "no time zone"),
        (STRING, pd.NaT, "is no time"),
        (STRING, pd.NA, "is a NAType"),
        (STRING, b"bytes", "is a bytes"),
        (STRING, ["a"], "is a list"),
    ],
)
def test_what_has_no_faithful_text_is_refused_by_name(feature, value, why):
    with pytest.raises(ValidationError, match=f"Feature '{feature.name}'.*{why}"):
        scalar_text(feature, value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_double_comes_back_the_same(value):
    text = check_value(FRACTIONAL, scalar_text(FRACTIONAL, value))
    assert repr(typed_value(FRACTIONAL, text)) == repr(value)


@given(st.integers(-(2**63), 2**63 - 1))
def test_any_whole_number_of_64_bits_comes_back_the_same(value):
    text = check_value(INTEGRAL, scalar_text(INTEGRAL, value))
    assert typed_value(INTEGRAL, text) == value


@given(st.datetimes(timezones=st.just(UTC)))
def test_any_moment_is_the_same_instant_as_an_event_time(moment):
    text = scalar_text(STRING, moment)
    nanos = event_time_nanos(parse_event_time(text, EventTimeType.STRING), EventTimeType.STRING)
    assert nanos == (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


def test_a_missing_value_is_an_absent_feature():
    group = feature_group()
    assert rendered(group, {"customer_id": "c1", "clicks": None}) == [("customer_id", "c1")]


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ([1, 2, 1], ["1", "2", "1"]),
        ((1,), ["1"]),
        ([], []),
        (np.array([1, 2]), ["1", "2"]),
        ({"b", "a"}, ["a", "b"]),
    ],
)
def test_a_collection_is_a_list_of_texts(value, texts):
    feature = FeatureDefinition("words", FeatureType.STRING, CollectionType.LIST)
    group = feature_group(features=(*FEATURES, feature))
    assert rendered(group, {"words": value}) == [("words", texts)]


@pytest.mark.parametrize("value", ["ab", b"ab", {"a": 1}, OrderedDict(), 7])
def test_what_is_no_collection_is_refused(value):
    feature = FeatureDefinition("words", FeatureType.STRING, CollectionType.LIST)
    group = feature_group(features=(*FEATURES, feature))
    with pytest.raises(ValidationError, match=r"Feature 'words'.*takes a list"):
        rendered(group, {"words": value})
