"""What the SageMaker SDKs' own SQL makes of our tables: AWS's measured results, of both formats.

The base has label rows (1, 100), (1, 200) and (2, 150) as (identifier, seconds). Of record 1 there
are versions at 50, 90, 90 again, 190 and 250; record 2 has one at 10, is deleted at 20, has one at
120 and a late one at 5.
"""

import pytest

from tests.conformance.environments import tell

FORMATS = [("Iceberg", "Glue"), ("Glue", "Iceberg")]
LABELS = [("1", 100), ("1", 200), ("2", 150)]
VERSIONS = [("1", 50), ("1", 90), ("1", 90), ("1", 190), ("1", 250), ("2", 10)]
LATER = [("2", 120), ("2", 5)]
EARLY = {("1", 100): [50, 90], ("1", 200): [50, 90, 190], ("2", 150): [120]}


def at(seconds):
    return f"2024-01-01T00:{seconds // 60:02d}:{seconds % 60:02d}Z"


@pytest.fixture(scope="module", params=FORMATS, ids="-".join)
def groups(store, offline, request):
    """The two groups' names, once all rows are in the offline store."""
    base, history = (
        store.create(word, offline={"TableFormat": table_format})
        for word, table_format in zip(("labels", "history"), request.param, strict=True)
    )
    for identifier, seconds in LABELS:
        store.put(base, identifier, at(seconds))
    for number, (identifier, seconds) in enumerate(VERSIONS):
        store.put(history, identifier, at(seconds), {"score": str(number + 0.5)})
    store.delete(history, "2", at(20))
    for number, (identifier, seconds) in enumerate(LATER):
        store.put(history, identifier, at(seconds), {"score": str(number + 100.5)})
    for group, identifier, count in ((base, "1", 2), (base, "2", 1), (history, "1", 5)):
        offline.eventually(group, identifier, count)
    offline.eventually(history, "2", 4)
    return base, history


@pytest.fixture(scope="module", params=[2, 3])
def gave(groups, target, tmp_path_factory, request):
    """The pairs (label row, seconds of the version) that a data set has."""
    base, history = groups
    settings = {
        "base": base,
        "history": history,
        "output": f"s3://{target.bucket}/athena-results",
    }
    told = tell(request.param, settings, tmp_path_factory.mktemp("datasets"), "datasets")

    def gave(name):
        outcome = told[name]
        assert "failed" not in outcome, outcome["failed"]
        return [(identifier, label, found) for identifier, label, found, _ in outcome["gave"]]

    return gave


def pairs(found):
    return sorted(
        (i, at(s), at(version)) for (i, s), versions in found.items() for version in versions
    )


def test_row_106_every_version_is_joined_where_nothing_is_asked(gave):
    every = [50, 90, 190, 250]
    assert gave("every_version") == pairs({("1", 100): every, ("1", 200): every, ("2", 150): [120]})


def test_row_106_the_accurate_join_gives_every_earlier_version(gave):
    assert gave("accurate") == pairs(EARLY)


def test_row_106_the_latest_is_of_an_identifiers_last_row(gave):
    assert gave("latest") == pairs({("1", 200): [190], ("2", 150): [120]})


def test_row_106_duplicates_come_where_they_are_asked_for(gave):
    twice = {("1", 100): [50, 90, 90], ("1", 200): [50, 90, 90, 190], ("2", 150): [120]}
    assert gave("with_duplicates") == pairs(twice)


def test_row_106_what_was_deleted_comes_where_it_is_asked_for(gave):
    assert gave("with_deleted") == pairs(EARLY | {("2", 150): [10, 120, 5]})
