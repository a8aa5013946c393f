"""The state machine of an update: its steps in time, and what holds of every history."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from larder.models.assignment import assign
from larder.models.deployment import (
    LEASE,
    LOOK_EVERY,
    SECOND,
    SETTLING,
    Deployment,
    Phase,
    advanced,
    turned_back,
)
from larder.models.traffic_plan import TrafficPlan
from tests.support.models import endpoint, fleet, variant

START = 1_000 * SECOND
CANARY = TrafficPlan(shares=(0.1, 1.0), wait=60, termination_wait=30, alarms=("a",), limit=600)


def deployment(plan=CANARY, **changes):
    values = {"uid": "u", "plan": plan, "started": START, "due": START}
    return Deployment(**values | changes)


def at(of, seconds, trouble=""):
    return advanced(of, START + seconds * SECOND, trouble)


def seen(of):
    return of.phase, of.share


def test_a_canary_bakes_then_takes_all_bakes_and_keeps_blue_for_a_while():
    first = at(deployment(), 0)
    assert seen(first) == (Phase.BAKING, 0.1)
    assert at(first, 59) == first
    second = at(first, 60)
    assert seen(second) == (Phase.BAKING, 1.0)
    third = at(second, 120)
    assert seen(third) == (Phase.KEEPING_BLUE, 1.0)
    assert at(third, 149) == third
    assert seen(at(third, 150)) == (Phase.DONE, 1.0)


def test_steps_without_a_wait_are_one():
    plan = TrafficPlan(shares=(0.5, 1.0), termination_wait=10)
    assert seen(at(deployment(plan), 0)) == (Phase.KEEPING_BLUE, 1.0)
    assert seen(at(deployment(TrafficPlan()), 0)) == (Phase.DONE, 1.0)


def test_a_late_look_takes_one_step_and_bakes_it_whole():
    first = at(deployment(), 0)
    late = at(first, 130)
    assert seen(late) == (Phase.BAKING, 1.0)
    assert late.due == START + 190 * SECOND


@pytest.mark.parametrize("seconds", [0, 30, 119, 149])
def test_an_alarm_rolls_back_in_every_phase_that_has_blue(seconds):
    of = deployment()
    for step in (0, 60, 120):
        of = at(of, step) if step <= seconds else of
    back = at(of, seconds, "the alarm rings")
    assert (seen(back), back.reason) == ((Phase.ROLLING_BACK, 0.0), "the alarm rings")
    assert at(back, seconds + SETTLING - 1, "still") == back
    over = at(back, seconds + SETTLING)
    assert (seen(over), over.reason) == ((Phase.ROLLED_BACK, 0.0), "the alarm rings")


def test_a_rolling_update_goes_back_in_batches():
    plan = TrafficPlan(shares=(0.3, 0.6, 0.9, 1.0), wait=10, back=0.4)
    of = deployment(plan)
    for step in range(0, 40, 10):
        of = at(of, step)
    shares, now = [], 35
    of = at(of, now, "trouble")
    while not of.is_over:
        shares.append(of.share)
        now += SETTLING
        of = at(of, now)
    assert shares == pytest.approx([0.6, 0.2, 0.0])


def test_an_update_that_takes_longer_than_its_limit_rolls_back_and_says_so():
    of, now = deployment(), 0
    for now in (0, 250, 500):
        of = at(of, now)
    back = at(of, 600)
    assert back.phase is Phase.ROLLING_BACK
    assert "more than 600 seconds" in back.reason


@pytest.mark.parametrize(
    ("looks", "ends"),
    [
        ((0,), Phase.ROLLED_BACK),
        ((0, 60), Phase.ROLLED_BACK),
        ((0, 60, 120), Phase.DONE),
    ],
    ids=["canary", "all", "keeping-blue"],
)
def test_an_update_that_was_forgotten_ends_at_the_next_look(looks, ends):
    of = deployment()
    for step in looks:
        of = at(of, step)
    forgotten = of.due + LEASE * SECOND + 1
    assert not of.is_forgotten(forgotten - 1)
    assert of.is_forgotten(forgotten)
    ended = advanced(of, forgotten, "an alarm that no one needs any more")
    assert ended.phase is ends
    assert bool(ended.reason) is (ends is Phase.ROLLED_BACK)


def test_a_roll_back_that_was_forgotten_keeps_its_reason():
    back = at(deployment(), 0, "the alarm rings")
    ended = advanced(back, back.due + LEASE * SECOND + 1)
    assert (ended.phase, ended.share, ended.reason) == (Phase.ROLLED_BACK, 0.0, "the alarm rings")


def test_a_machine_that_gives_up_turns_back_and_goes_on_with_that():
    back = turned_back(at(deployment(), 0), START, "broken")
    assert (back.phase, back.reason) == (Phase.ROLLING_BACK, "broken")
    assert turned_back(back, back.due, "again").phase is Phase.ROLLED_BACK
    done = at(at(at(at(deployment(), 0), 60), 120), 150)
    assert turned_back(done, done.due, "late") is done


def test_the_pause_is_until_what_is_due_or_until_the_next_look_at_the_alarms():
    first = at(deployment(), 0)
    assert first.pause(START) == LOOK_EVERY
    assert first.pause(START + 50 * SECOND) == 10
    assert first.pause(START + 59 * SECOND + 1) == 1
    unwatched = at(deployment(TrafficPlan(shares=(0.1, 1.0), wait=60)), 0)
    assert unwatched.pause(START) == 60
    back = at(first, 1, "trouble")
    assert back.pause(START + 1 * SECOND) == SETTLING
    assert at(back, 1 + SETTLING).pause(START) == 0


plans = st.builds(
    TrafficPlan,
    shares=st.lists(st.integers(1, 99), max_size=8, unique=True).map(
        lambda found: (*(each / 100 for each in sorted(found)), 1.0)
    ),
    wait=st.integers(0, 100),
    termination_wait=st.integers(0, 100),
    back=st.sampled_from([1.0, 0.5, 0.07]),
    limit=st.integers(600, 1000),
    alarms=st.just(("a",)),
)
looks = st.lists(
    st.tuples(st.integers(0, 400), st.booleans(), st.booleans()), min_size=1, max_size=60
)
"""Seconds since the look before, whether an alarm rings, and whether the machine gives up."""


@given(plans, looks)
def test_the_share_only_grows_until_the_end_or_only_falls_to_nothing(plan, looked):
    of, now, shares = deployment(plan), START, [0.0]
    for seconds, rings, gives_up in looked:
        now += seconds * SECOND
        before = of
        take = turned_back if gives_up and rings else advanced
        of = take(of, now, "rings" if rings else "")
        shares.append(of.share)
        assert 0 <= of.share <= 1
        if of.phase in (Phase.BAKING, Phase.KEEPING_BLUE, Phase.DONE):
            assert of.share >= before.share
            assert not of.reason
        else:
            assert of.reason
            assert of.share <= before.share
        assert before.phase not in (Phase.DONE, Phase.ROLLED_BACK) or of == before
        assert before.phase is not Phase.ROLLING_BACK or of.phase in (
            Phase.ROLLING_BACK,
            Phase.ROLLED_BACK,
        )
        assert advanced(of, now) == of or of.due <= now, "a second look changes nothing"
    if of.phase is Phase.DONE:
        assert of.share == 1
    if of.phase is Phase.ROLLED_BACK:
        assert of.share == 0


@given(plans)
def test_an_update_that_is_looked_at_when_it_is_due_always_ends(plan):
    of, now = advanced(deployment(plan), START), START
    for _ in range(2_000):
        if of.is_over:
            break
        now += of.pause(now) * SECOND
        of = advanced(of, now)
    assert of.phase is (Phase.DONE if plan.waits < plan.limit else Phase.ROLLED_BACK) or (
        abs(plan.waits - plan.limit) <= len(plan.shares) + 1
    )


@given(plans, st.integers(0, 10**6))
def test_a_unit_goes_from_blue_to_green_once_while_the_share_grows(plan, unit):
    blue, green = fleet("old", variant("b")), fleet("new", variant("g"))
    sides = []
    for share in (0.0, *plan.shares):
        moving = endpoint(blue, green=green, green_share=share)
        sides.append(assign(moving, f"u{unit}", lambda: 0.5).fleet.config)
    assert sides == sorted(sides, reverse=True)  # "old" before "new"
    assert (sides[0], sides[-1]) == ("old", "new")
