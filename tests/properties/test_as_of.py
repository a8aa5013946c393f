"""Generated SQL gives what the oracle says, in every shape, on random histories."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.as_of.join import Shape
from larder.as_of.oracle import Cut
from larder.offline.rows import OfflineRow
from tests.support.as_of import (
    Case,
    actual,
    by_asof,
    expected,
    group,
    large_case,
    random_case,
    with_cuts,
)
from tests.support.examples import examples

CUTS = [
    Cut(),
    Cut(look_back=3_000_000_001),
    Cut(known_as_of=1_704_067_206_000_000),
    Cut(as_known_then=True),
    Cut(look_back=2_000_000_000, known_as_of=1_704_067_208_000_000, as_known_then=True),
]


@examples(0.25)
@given(st.integers(0, 2**32))
def test_the_sql_joins_as_the_oracle_does(seed):
    case = random_case(seed)
    assert actual(case) == expected(case)


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("cut", CUTS, ids=str)
def test_every_shape_gives_the_same_under_every_cut(shape, cut):
    case = with_cuts(random_case(repr(cut)), cut, cut)
    found = expected(case)
    assert any(value is not None for row in found for value in row)
    assert actual(case, shape) == found


@examples(0.6)
@given(st.integers(0, 2**32))
def test_duckdbs_own_asof_joins_as_the_oracle_does(seed):
    case = random_case(seed)
    assert by_asof(case) == expected(case)


@pytest.mark.parametrize("cut", CUTS, ids=str)
def test_duckdbs_own_asof_gives_the_same_under_every_cut(cut):
    case = with_cuts(random_case(repr(cut)), cut, cut)
    assert by_asof(case) == expected(case)


@pytest.mark.parametrize("known_then", [False, True])
def test_duckdbs_own_asof_orders_the_ends_of_the_calendar(known_then):
    table = group(0)
    spelled = ["0000-01-01T00:00:00Z", "1600-02-29T23:59:59.000000001Z", "9999-12-31T23:59:59.9Z"]
    values = [("a", text, n, None, None) for n, text in enumerate(spelled)]
    written = [-62_135_596_800_000_000, -(10**15), 253_402_300_799_999_999]
    rows = [
        OfflineRow("a", each[1], at, at, False, each)
        for each, at in zip(values, written, strict=True)
    ]
    labels = [(at, "a", "a") for at in (-(9 * 10**18), 0, 9 * 10**18)]
    case = Case((table, group(1)), (Cut(as_known_then=known_then),) * 2, (rows, []), labels)
    assert by_asof(case) == expected(case)
    assert [row[0] for row in expected(case)] == [0 if known_then else 1, 1, 1]


@pytest.mark.parametrize("shape", Shape)
def test_many_label_rows_of_few_keys_each_come_out_once(shape):
    case = random_case(7, labels=3000, versions=400, keys=3)
    assert actual(case, shape) == expected(case)


@pytest.mark.soak
def test_a_thousand_histories():
    for seed in range(1000):
        case = random_case(seed)
        for shape in Shape:
            assert actual(case, shape) == expected(case), (seed, shape)
        assert by_asof(case) == expected(case), seed


@pytest.mark.soak
@pytest.mark.parametrize("join", [*Shape, "asof"])
def test_a_hundred_thousand_label_rows_come_out_as_the_oracle_says(join):
    case = large_case()
    found = by_asof(case) if join == "asof" else actual(case, join)
    assert (len(found), found) == (100_000, expected(case))
