"""What the SageMaker SDKs' own SQL makes of our tables: AWS's measured results, of both formats.

The base has label rows (1, 100), (1, 200) and (2, 150) as (identifier, seconds). Of record 1 there
are versions at 50, 90, 90 again, 190 and 250; record 2 has one at 10, is deleted at 20, has one at
120 and a late one at 5.
"""

import pytest

from tests.conformance import sdk_functions
from tests.conformance.environments import tell
from tests.conformance.store import AT, FEATURES

pytestmark = pytest.mark.timeout(900)  # an SDK polls every five seconds

GLUE, ICEBERG, DEFAULT = {"TableFormat": "Glue"}, {"TableFormat": "Iceberg"}, True
# SDK v3 reads every event time as Unix seconds in its point-in-time join, a text too, which Athena
# refuses. AWS has no Iceberg table with a Fractional event time; Larder makes one by default.
CASES = [
    (2, "String", ICEBERG, GLUE),
    (2, "String", GLUE, ICEBERG),
    (3, "Fractional", DEFAULT, GLUE),
    (3, "Fractional", GLUE, DEFAULT),
]
SAGEMAKER_DATABASE = "sagemaker_featurestore"
LABELS = [("1", 100), ("1", 200), ("2", 150)]
VERSIONS = [("1", 50), ("1", 90), ("1", 90), ("1", 190), ("1", 250), ("2", 10)]
LATER = [("2", 120), ("2", 5)]
EARLY = {("1", 100): [50, 90], ("1", 200): [50, 90, 190], ("2", 150): [120]}
EPOCH = 1_704_067_200


def at(seconds, kind):
    """An event time of 2024, as the feature's type has it."""
    if kind == "Fractional":
        return f"{EPOCH + seconds}.0"
    return f"2024-01-01T00:{seconds // 60:02d}:{seconds % 60:02d}Z"


def write(store, offline, base, history, kind):
    """Write labels and versions, and wait until all are in the offline store."""
    for identifier, seconds in LABELS:
        store.put(base, identifier, at(seconds, kind))
    for number, (identifier, seconds) in enumerate(VERSIONS):
        store.put(history, identifier, at(seconds, kind), {"score": str(number + 0.5)})
    store.delete(history, "2", at(20, kind))
    for number, (identifier, seconds) in enumerate(LATER):
        store.put(history, identifier, at(seconds, kind), {"score": str(number + 100.5)})
    rows = ((base, "1", 2), (base, "2", 1), (history, "1", 5), (history, "2", 4))
    for group, identifier, count in rows:
        offline.eventually(group, identifier, count)


@pytest.fixture(scope="module", params=CASES, ids=["v2", "v2-swapped", "v3", "v3-swapped"])
def told(store, offline, target, tmp_path_factory, request):
    """What an SDK made of labels and versions, by data set, and the type of event times."""
    version, kind, *formats = request.param
    features = FEATURES | {AT: kind}
    base, history = (
        store.create(word, offline=table_format, features=features)
        for word, table_format in zip(("labels", "history"), formats, strict=True)
    )
    write(store, offline, base, history, kind)
    output = f"s3://{target.bucket}/athena-results"
    times = (at(seconds, kind) for _, seconds in LABELS)
    labels = [
        (identifier, float(time) if kind == "Fractional" else time)
        for (identifier, _), time in zip(LABELS, times, strict=True)
    ]
    settings = {"base": base, "history": history, "output": output, "labels": labels}
    return tell(version, settings, tmp_path_factory.mktemp("datasets"), "datasets"), kind


@pytest.fixture
def rows_of(told):
    """A data set's rows."""

    def rows_of(name):
        outcome = told[0][name]
        assert "failed" not in outcome, outcome["failed"]
        return outcome["gave"]

    return rows_of


@pytest.fixture
def gave(told, rows_of):
    """Whether a data set has these versions, by their seconds, for each label row."""
    kind = told[1]

    def gave(name, versions):
        found = [(identifier, label, version) for identifier, label, version, _ in rows_of(name)]
        wanted = [(i, at(s, kind), at(v, kind)) for (i, s), all_ in versions.items() for v in all_]
        assert found == sorted(wanted)

    return gave


def test_row_106_every_version_is_joined_where_nothing_is_asked(gave):
    every = [50, 90, 190, 250]
    gave("every_version", {("1", 100): every, ("1", 200): every, ("2", 150): [120]})


def test_row_106_the_accurate_join_gives_every_earlier_version(gave):
    gave("accurate", EARLY)


def test_row_106_the_latest_is_of_an_identifiers_last_row(gave):
    gave("latest", {("1", 200): [190], ("2", 150): [120]})


def test_row_106_duplicates_come_where_they_are_asked_for(gave):
    twice = {("1", 100): [50, 90, 90], ("1", 200): [50, 90, 90, 190], ("2", 150): [120]}
    gave("with_duplicates", twice)


def test_row_106_labels_come_from_a_frame_too(target, gave):
    if target.database != SAGEMAKER_DATABASE:
        pytest.skip("the SDKs make a frame's table in sagemaker_featurestore, which is not used")
    gave("of_a_frame", EARLY)


def test_row_106_what_was_written_later_is_left_out_where_it_is_asked_for(gave):
    gave("as_known_later", EARLY)
    gave("as_known_before", {})


def test_row_106_events_come_from_a_range_where_it_is_asked_for(gave):
    # 00:01:30 to 00:03:20 of labels and versions, that is 90 to 200 seconds
    gave("in_a_range", {("1", 100): [90], ("1", 200): [90, 190], ("2", 150): [120]})


def test_row_106_a_number_of_rows_is_kept(rows_of):
    assert len(rows_of("first_rows")) == 2


@pytest.mark.parametrize("version", [2, 3])
def test_row_106_no_function_is_written_that_is_not_tried_on_the_local_athena(version):
    # tests/contract/athena/test_sdk_functions.py tries those that are listed.
    assert sdk_functions.written_by(version) == sdk_functions.listed()


def test_row_106_what_was_deleted_comes_where_it_is_asked_for(gave):
    gave("with_deleted", EARLY | {("2", 150): [10, 120, 5]})
