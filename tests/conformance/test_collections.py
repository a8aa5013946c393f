"""Lists, sets and vectors of in-memory groups."""

import boto3
import pytest

from tests.conformance.refusals import code, refused
from tests.conformance.store import AT, FEATURES, ID, T0, T1, T3, values


@pytest.fixture(scope="module")
def collections(store):
    """An in-memory group with a feature of each collection type."""
    kinds = {
        "words": {"FeatureType": "String", "CollectionType": "List"},
        "codes": {"FeatureType": "Integral", "CollectionType": "Set"},
        "place": {
            "FeatureType": "Fractional",
            "CollectionType": "Vector",
            "CollectionConfig": {"VectorConfig": {"Dimension": 3}},
        },
    }
    return store.create(
        "collections", online={"StorageType": "InMemory"}, features=FEATURES | kinds
    )


def test_row_067_collections_keep_what_they_mean(store, collections, key):
    given = {"words": ["b", "a", "b", ""], "codes": ["3", "1"], "place": ["1.0", "25", "-0.5"]}
    store.put(collections, key, T0, given)
    found = store.get(collections, key)
    assert (found["words"], found["place"]) == (given["words"], given["place"])
    assert sorted(found["codes"]) == ["1", "3"]
    store.put(collections, key, T1, {"words": [], "codes": ["1", "3", "1"]})
    found = store.get(collections, key)
    assert (found.get("words", []), sorted(found["codes"])) == ([], ["1", "3"])


@pytest.mark.parametrize(
    "features",
    [
        {"place": ["1.0", "2.0"]},
        {"place": ["1.0", "2.0", "x"]},
        {"words": "scalar"},
        {"codes": ["1.5"]},
        {"city": ["list"]},
    ],
)
def test_row_067_a_collection_that_does_not_fit_is_refused(store, collections, key, features):
    assert refused(store, collections, {ID: key, AT: T3, **features}) == "ValidationError"
    assert store.get(collections, key) is None


def test_row_067_a_missing_element_is_refused(store, collections, key):
    def without_word(params, **_):
        params["body"] = params["body"].replace(b'"none"', b"null")

    client = boto3.client("sagemaker-featurestore-runtime")
    client.meta.events.register("before-call", without_word)
    record = values({ID: key, AT: T3, "codes": ["1", "2", "none"]})
    refusal = code(client.put_record, FeatureGroupName=collections, Record=record)
    assert refusal == "ValidationError"
    assert store.get(collections, key) is None
