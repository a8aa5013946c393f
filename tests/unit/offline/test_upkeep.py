"""Which files are merged and which snapshots go: the rules."""

import random
from dataclasses import replace

import pytest

from larder.errors import ServiceUnavailable
from larder.groups.feature_group import FeatureGroupStatus
from larder.offline.adapters.iceberg.upkeep import MERGED
from larder.offline.maintain import Maintenance
from larder.offline.upkeep import DAY_MILLIS, HOUR_MILLIS, UpkeepRules, Upkept, expired, merged_run
from tests.support.groups import feature_group
from tests.support.offline import offline_group, seconds

RULES = UpkeepRules(
    merged_bytes=1000, min_files=4, full_hours=2, snapshot_days=3, settled_minutes=0
)
NOW = 500 * DAY_MILLIS


@pytest.mark.parametrize(
    ("sizes", "merged"),
    [
        ([1, 1, 1], 0),
        ([1, 1, 1, 1], 4),
        ([1, 1, 1, 1, 400], 4),  # it would be rewritten for nearly nothing
        ([1, 100, 100, 100, 100], 4),  # nor does a tiny one hinder it
        ([100, 100, 100, 100, 400], 5),
        ([300, 300, 300, 300], 0),
        ([200, 200, 200, 200, 200, 200], 5),
        ([], 0),
    ],
)
def test_small_files_are_merged_up_to_a_size(sizes, merged):
    assert len(sizes[merged_run(sizes, RULES)]) == merged


def test_a_row_is_rewritten_a_logarithmic_number_of_times():
    rules = UpkeepRules(merged_bytes=10**9, min_files=4)
    files, written = [], 0
    for _ in range(4096):
        files = sorted([*files, 1])
        while run := files[chosen := merged_run(files, rules)]:
            written += sum(run)
            files = sorted([*files[: chosen.start], *files[chosen.stop :], sum(run)])
    assert written < 4096 * 13
    assert len(files) < 40


def test_young_snapshots_stay_then_the_last_of_each_hour_then_none():
    minutes = [
        (place, NOW - place * HOUR_MILLIS // 4) for place in range(4 * 24 * 5)
    ]  # one each 15 minutes, five days back
    gone = expired(minutes, RULES, pinned={300}, now_millis=NOW)
    kept = {place for place, _ in minutes} - set(gone)
    assert kept >= set(range(8))
    assert kept - set(range(8)) - {300} == {8, *range(9, 4 * 24 * 3, 4)}
    assert 300 in kept


def test_nothing_goes_twice_and_a_lone_snapshot_of_an_hour_stays():
    rng = random.Random(7)
    snapshots = [(place, NOW - rng.randrange(6 * DAY_MILLIS)) for place in range(500)]
    gone = expired(snapshots, RULES, (), NOW)
    left = [each for each in snapshots if each[0] not in gone]
    assert expired(left, RULES, (), NOW) == []
    hours = {when // HOUR_MILLIS for _, when in snapshots if NOW - when < 3 * DAY_MILLIS}
    assert hours == {when // HOUR_MILLIS for _, when in left}


class Registry:
    def __init__(self, *groups):
        self.groups = groups

    def list(self, unread=None):
        return iter(self.groups)


class Tables:
    def __init__(self):
        self.pinned = {}

    def keep(self, group, rules, pinned, remaining):
        self.pinned[group.name] = set(pinned)
        if group.name == "broken":
            raise ServiceUnavailable("S3 did not answer")
        if group.name == "unforeseen":
            raise KeyError("a cell that the message must not show")
        return Upkept(merged=3)


class Pinned:
    def by_table(self, not_before_micros):
        self.not_before = not_before_micros
        return {("larder_dev", "customers_1700000000"): {11}}


def maintenance(*groups):
    return Maintenance(
        registry=Registry(*groups),
        tables=Tables(),
        pinned=Pinned(),
        rules=RULES,
        clock=lambda: NOW * 1000,
        bucket="lake",
    )


def test_one_table_that_fails_stops_no_other():
    names = ["broken", "unforeseen", "other"]
    groups = [*map(feature_group, names), feature_group("plain", offline=None)]
    creating = replace(feature_group("new"), status=FeatureGroupStatus.CREATING)
    upkeep = maintenance(*groups, creating)
    done = upkeep.run(remaining=seconds(100))
    assert done.done == {"other": Upkept(merged=3)}
    assert sorted(done.failed) == ["broken", "unforeseen"]
    told = str(done.failed["unforeseen"])
    assert told.startswith("the maintenance of group unforeseen failed: KeyError at keep")
    assert "a cell" not in told
    assert done.unreached == []
    assert upkeep.tables.pinned == {name: {11} for name in names}
    assert upkeep.pinned.not_before == (NOW - 400 * DAY_MILLIS) * 1000


def test_groups_that_overlap_are_named_and_kept_all_the_same():
    outer = offline_group("s3://lake/x/a", name="a")
    inner = offline_group("s3://lake/x/a/data/b", name="b")
    done = maintenance(outer, inner).run(remaining=seconds(100))
    (text,) = done.overlaps
    assert text.startswith("The files of feature group b at s3://lake/x/a/data/b lie in the folder")
    assert done.done.keys() == {"a", "b"}


def test_what_the_time_does_not_reach_is_told():
    done = maintenance(feature_group("a"), feature_group("b")).run(remaining=seconds(1))
    assert sorted(done.unreached) == ["a", "b"]


def test_a_round_over_named_groups():
    done = maintenance(feature_group("a"), feature_group("b")).run(
        remaining=seconds(100), only=["b"]
    )
    assert list(done.done) == ["b"]


def test_the_mark_of_a_merge_keeps_its_name():
    # it is stored in snapshots' summaries: another name would take old merges for commits of rows
    assert MERGED == {"larder.upkeep": "merged"}
