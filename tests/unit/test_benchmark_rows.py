"""What a benchmark says of its measurements: ratios, what falls short and by how much."""

import orjson
import pytest

from benchmarks.measure import Figure, figure, in_turn
from benchmarks.parts import PARTS
from benchmarks.report import PAGE, RESULTS, page, shortfalls, table
from benchmarks.rows import Beside, Row, at_least, at_most


def row(ours, peer=None, limit=None, **more):
    return Row(id="r", ours=Figure(ours), unit="u", peer=peer, limit=limit, **more).as_json()


@pytest.mark.parametrize(
    ("rate", "ours", "peer", "ratio", "met"),
    [
        (False, 0.1, 0.8, 8.0, True),
        (False, 0.4, 0.8, 2.0, False),
        (True, 8.0, 2.0, 4.0, True),
        (True, 2.0, 8.0, 0.25, False),
    ],
)
def test_a_peers_ratio_is_how_many_times_better_whether_more_or_less_is(
    rate, ours, peer, ratio, met
):
    found = row(ours, Beside("peer", Figure(peer), at_least(4)), rate=rate)
    assert found["peer"]["ratio"] == ratio
    assert (not found["shortfalls"]) is met


@pytest.mark.parametrize(
    ("rate", "ours", "limit", "ratio", "met"),
    [(False, 0.3, 0.2, 1.5, False), (False, 0.2, 0.2, 1.0, True), (True, 4.0, 6.0, 1.5, False)],
)
def test_a_limits_ratio_is_how_many_times_as_much(rate, ours, limit, ratio, met):
    found = row(ours, None, Beside("limit", Figure(limit), at_most(1.3)), rate=rate)
    assert found["limit"]["ratio"] == ratio
    assert (not found["shortfalls"]) is met


def test_what_falls_short_is_said_with_its_goal_and_by_which_part():
    peer, limit = (
        Beside("boto3", Figure(0.8), at_least(10)),
        Beside("bare", Figure(0.1), at_most(1.6)),
    )
    assert list(shortfalls([row(0.2, peer, limit, most=0.16)])) == [
        "r: 4 times better than boto3, goal ≥ 10: misses it by 60%",
        "r: 2 times as much as bare, goal ≤ 1.6: misses it by 25%",
        "r: 0.2 u, at most 0.16: 25% more",
    ]


def test_a_goal_whose_peer_could_not_be_measured_is_not_taken_for_met():
    found = row(0.2, Beside("Feast", None, at_least(10)))
    assert list(shortfalls([found])) == ["r: not measured beside Feast, goal ≥ 10"]
    assert "| not measured |" in table([found])


def test_a_missed_goal_stands_out_in_the_table():
    found = row(0.4, Beside("peer", Figure(0.8), at_least(4)))
    assert "| r | 0.4 u | 0.8 (peer) | 2 | ≥ 4 |" in table([found])
    assert "**missed**" in table([found])


def test_a_ratio_is_taken_round_by_round_so_that_a_slow_hour_is_in_both():
    ours, theirs = figure([1.0, 10.0, 2.0]), figure([4.0, 40.0, 8.0])
    assert theirs.over(ours) == figure([4.0, 4.0, 4.0])


def test_of_different_numbers_of_rounds_the_medians_are_compared():
    assert figure([6.0, 8.0, 7.0]).over(figure([2.0])).value == 3.5


def test_rounds_are_taken_in_turn():
    asked = []
    names = [lambda name=name: asked.append(name) or 1.0 for name in "ab"]
    in_turn(*names, times=3)
    assert asked == ["a", "b", "a", "b", "a", "b"]


def test_one_outlier_moves_neither_the_median_nor_the_spread():
    assert figure([1.0, 1.1, 1.2, 1.3, 90.0]).value == 1.2
    assert figure([1.0, 1.1, 1.2, 1.3, 90.0]).spread == pytest.approx(0.1)


def test_the_page_shows_the_kept_results():
    results = orjson.loads(RESULTS.read_bytes())
    assert list(results) == [name for name in PARTS if name in results]
    assert page(PAGE.read_text(), results) == PAGE.read_text()
