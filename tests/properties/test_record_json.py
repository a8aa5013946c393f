"""A record's JSON from its packed bytes equals, byte for byte, the one built value by value."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.groups.feature_group import FeatureDefinition, FeatureType
from larder.records.api.record_json import features_json, plain_json
from larder.records.codec import pack
from larder.records.read import Found
from tests.support.groups import feature_group

NAMES = [f"feature-{n}_x" for n in range(8)]
GROUP = feature_group(features=tuple(FeatureDefinition(n, FeatureType.STRING) for n in NAMES))
TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["", ",", '","', "null", "[", "]", "%b", "%", "\\", '"', "é", "\u2028", "0.0"]),
)
RECORDS = st.dictionaries(
    st.integers(0, 7), st.one_of(TEXTS, st.lists(TEXTS, max_size=3)), min_size=1
)


def as_before(values, ordinals):
    """The answer as SageMaker's shape says, from the values that were put."""
    chosen = sorted(values) if ordinals is None else [o for o in ordinals if o in values]
    return [
        {
            "FeatureName": NAMES[ordinal],
            "ValueAsString" if isinstance(values[ordinal], str) else "ValueAsStringList": values[
                ordinal
            ],
        }
        for ordinal in chosen
    ]


@given(
    records=st.lists(RECORDS, min_size=1, max_size=6),
    ordinals=st.none() | st.lists(st.integers(0, 7), unique=True),
)
def test_any_record_reads_as_it_was_put(records, ordinals):
    for values in records * 3:  # the third time its form is known
        found = Found(GROUP, ordinals, pack(values), None)
        json = features_json(found)
        assert json == plain_json(found.values)
        assert orjson.loads(json) == as_before(values, ordinals)


@pytest.mark.parametrize("count", [1, 200])
def test_more_forms_than_are_kept_read_the_same(count):
    features = tuple(FeatureDefinition(f"f{n}", FeatureType.STRING) for n in range(count))
    group = feature_group(features=features)
    for _ in range(3):
        for n in range(count):
            found = Found(group, None, pack({n: "x", 0: "y"}), None)
            assert features_json(found) == plain_json(found.values)


def test_features_added_meanwhile_do_not_borrow_the_names_of_another_group():
    other = feature_group(features=tuple(reversed(GROUP.features)))
    packed = pack({0: "a", 7: "b"})
    for group in (GROUP, other) * 3:
        json = orjson.loads(features_json(Found(group, None, packed, None)))
        assert [each["FeatureName"] for each in json] == [
            group.features[0].name,
            group.features[7].name,
        ]
