"""A record's JSON from its packed bytes equals, byte for byte, the one built value by value."""

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from larder.groups.feature_group import CollectionType, FeatureDefinition, FeatureType
from larder.records.api.record_json import features_json, plain_json
from larder.records.codec import pack
from larder.records.read import Found
from tests.support.groups import feature_group

NAMES = [f"feature-{n}_x" for n in range(8)]
LISTS = (2, 3, 7)
"""Which features of ``MIXED`` are collections; those of ``GROUP`` are all scalars."""
GROUP = feature_group(features=tuple(FeatureDefinition(n, FeatureType.STRING) for n in NAMES))
MIXED = feature_group(
    features=tuple(
        FeatureDefinition(name, FeatureType.STRING, CollectionType.LIST if n in LISTS else None)
        for n, name in enumerate(NAMES)
    )
)
TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["", ",", '","', "null", "[", "]", "%b", "%", "\\", '"', "é", "\u2028", "0.0"]),
)
PLAIN = st.sampled_from(["", "a", "0.0", "2026-01-01T00:00:00Z", ",", "[", "null"])
SCALARS = st.dictionaries(st.integers(0, 7), TEXTS | PLAIN, min_size=1)
WHOLE = st.fixed_dictionaries(dict.fromkeys(range(8), PLAIN))


def with_lists(values):
    """The values as ``MIXED`` takes them: lists where its features are lists."""
    return {n: [text, text] if n in LISTS else text for n, text in values.items()}


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
    records=st.lists(SCALARS | WHOLE, min_size=1, max_size=6),
    ordinals=st.none() | st.lists(st.integers(0, 7), unique=True),
    group=st.sampled_from([GROUP, MIXED]),
)
def test_any_record_reads_as_it_was_put(records, ordinals, group):
    for each in records * 3:  # the third time its form is known
        values = with_lists(each) if group is MIXED else each
        found = Found(group, ordinals, pack(values), None)
        json = features_json(found)
        assert json == plain_json(found.values)
        assert orjson.loads(json) == as_before(values, ordinals)


@example(lists={2: ["a"] * 3, 3: ["b"] * 3}, rest=dict.fromkeys(range(8), "c"))  # 8 in a row
@given(lists=st.dictionaries(st.sampled_from(LISTS), st.lists(PLAIN, max_size=4)), rest=WHOLE)
def test_lists_are_not_taken_for_as_many_scalars(lists, rest):
    values = {n: text for n, text in rest.items() if n not in LISTS} | lists
    for _ in range(3):
        found = Found(MIXED, None, pack(values), None)
        assert orjson.loads(features_json(found)) == as_before(values, None)


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
