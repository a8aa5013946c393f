"""Sticky variants: shares, moves and independence (rows 73 to 76 of the model API's checklist)."""

import random
import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.models.assignment import assign, drawn, target, winner
from tests.support.models import endpoint, fleet, served_model, variant

UNITS = [f"unit-{number}" for number in range(20_000)]


def shares(weights, salt="e", units=UNITS):
    return [winner(weights, salt, unit) for unit in units]


def test_units_fall_by_weight():
    weights = [("A", 70), ("B", 20), ("C", 10)]
    names = shares(weights, units=[f"u{n}" for n in range(100_000)])
    chi2 = sum(
        (names.count(name) - 1000 * weight) ** 2 / (1000 * weight) for name, weight in weights
    )
    assert chi2 < 11.8


def test_a_unit_has_the_same_variant_in_every_process():
    units = UNITS[:200]
    program = (
        "from larder.models.assignment import winner\n"
        "print(''.join(winner([('A', 1.0), ('B', 2.0)], 's', f'unit-{n}') for n in range(200)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "".join(shares([("A", 1.0), ("B", 2.0)], "s", units))


WEIGHT = st.floats(0, 100, allow_subnormal=False)


@given(
    st.lists(st.tuples(WEIGHT, WEIGHT), min_size=2, max_size=5),
    st.lists(st.text(max_size=6), min_size=1, max_size=40),
)
def test_a_unit_moves_only_to_a_variant_whose_weight_grew_against_its_own(weights, units):
    before = [(f"v{place}", old) for place, (old, _) in enumerate(weights)]
    after = [(f"v{place}", new) for place, (_, new) in enumerate(weights)]
    if not any(w > 0 for _, w in before) or not any(w > 0 for _, w in after):
        return
    old, new = dict(before), dict(after)
    for unit in units:
        x, y = winner(before, "s", unit), winner(after, "s", unit)
        if x != y:
            grew = Fraction(new[y]) * Fraction(old[x])  # floats would become 0
            assert grew > Fraction(new[x]) * Fraction(old[y]) * Fraction(1 - 1e-9)


def test_raising_one_weight_moves_units_only_to_it_and_lowering_only_from_it():
    low = shares([("A", 70), ("B", 20), ("C", 10)])
    high = shares([("A", 70), ("B", 20), ("C", 30)])
    moved = [(x, y) for x, y in zip(low, high, strict=True) if x != y]
    assert moved
    assert {y for _, y in moved} == {"C"}


def test_two_salts_are_independent():
    weights = [("A", 70), ("B", 20), ("C", 10)]
    pairs = zip(shares(weights, "one"), shares(weights, "two"), strict=True)
    agreement = sum(x == y for x, y in pairs) / len(UNITS)
    assert agreement == pytest.approx(0.54, abs=0.015)


def test_without_a_unit_all_variants_with_a_weight_are_drawn():
    source = random.Random(7)
    names = [drawn([("A", 1.0), ("none", 0.0), ("B", 3.0)], source.random) for _ in range(2000)]
    assert names.count("B") / 2000 == pytest.approx(0.75, abs=0.05)
    assert "none" not in names


def test_a_unit_goes_from_blue_to_green_once_and_keeps_its_place_inside():
    blue = fleet("old", variant("A", served_model(), 1.0), variant("B", served_model(), 1.0))
    green = fleet("new", variant("A", served_model(), 1.0), variant("B", served_model(), 1.0))
    for unit in UNITS[:300]:
        sides, names = [], set()
        for share in (0.0, 0.1, 0.3, 0.6, 0.9, 1.0):
            found = assign(endpoint(blue, green=green, green_share=share), unit, random.random)
            sides.append(found.fleet.config)
            names.add(found.variant.name)
        assert sides == sorted(sides, reverse=True)  # "old" before "new"
        assert (sides[0], sides[-1]) == ("old", "new")
        assert len(names) == 1


def test_the_green_share_is_that_of_the_units():
    blue, green = fleet("old", variant()), fleet("new", variant())
    one = endpoint(blue, green=green, green_share=0.3)
    sides = [assign(one, unit, random.random).fleet.config for unit in UNITS]
    assert sides.count("new") / len(UNITS) == pytest.approx(0.3, abs=0.015)


def test_a_target_is_of_the_fleet_that_the_unit_falls_to_if_that_has_the_name():
    blue = fleet("old", variant("A"), variant("B"))
    green = fleet("new", variant("A"), variant("C"))
    one = endpoint(blue, green=green, green_share=0.3)
    for unit in UNITS[:500]:
        side = assign(one, unit, random.random).fleet.config
        assert target(one, "A", unit).fleet.config == side
        assert target(one, "B", unit).fleet.config == "old"
        assert target(one, "C", unit).fleet.config == "new"
    sides = [target(one, "A", None, random.random).fleet.config for _ in UNITS]
    assert sides.count("new") / len(UNITS) == pytest.approx(0.3, abs=0.015)
    assert target(one, "A").fleet.config == "old"
    moved = endpoint(blue, green=green, green_share=1.0)
    assert target(moved, "A").fleet.config == "new"


def test_a_shadow_is_no_target():
    blue = fleet("c", variant("A"), shadows=(variant("S"),))
    assert target(endpoint(blue), "A").variant.name == "A"
    assert target(endpoint(blue), "S") is None
    assert target(endpoint(blue), "") is None


def test_no_weight_is_an_error_and_not_a_variant():
    with pytest.raises(ValueError, match="no weight"):
        winner([("A", 0.0)], "s", "u")
    with pytest.raises(ValueError, match="no weight"):
        drawn([("A", 0.0)], random.random)
