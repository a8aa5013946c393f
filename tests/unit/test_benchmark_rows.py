"""What the benchmark's table says of a measurement."""

import pytest

from benchmarks.measure import Figure, figure
from benchmarks.rows import Row, table


@pytest.mark.parametrize(
    ("rate", "ours", "peer", "ratio", "met"),
    [(False, 0.1, 0.8, 8.0, True), (False, 0.4, 0.8, 2.0, False), (True, 8.0, 2.0, 4.0, True)],
)
def test_a_ratio_above_one_means_better_whether_more_or_less_is(rate, ours, peer, ratio, met):
    row = Row(id="r", ours=Figure(ours), unit="u", peer=Figure(peer), rate=rate, target=0.3)
    assert (row.ratio, row.met) == (ratio, met)
    assert row.as_json().items() >= {"ours": ours, "peer": peer, "ratio": ratio}.items()


def test_a_missed_target_stands_out_in_the_table():
    row = Row(id="r", ours=Figure(0.4, 0.01), unit="ms", target=0.3)
    assert "| r | 0.4 ± 0.01 ms |" in table([row])
    assert "**missed**" in table([row])


def test_one_outlier_moves_neither_the_median_nor_the_spread():
    assert figure([1.0, 1.1, 1.2, 1.3, 90.0]).value == 1.2
    assert figure([1.0, 1.1, 1.2, 1.3, 90.0]).spread == pytest.approx(0.1)
