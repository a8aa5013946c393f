"""In whatever order events are committed, the history is in the end what one run gives."""

import random
from bisect import bisect_right

import pytest

from larder.pipelines.durations import HOUR
from larder.pipelines.sql.statement import Interval
from tests.support.pipelines import expected
from tests.support.seeds import seeds
from tests.unit.pipelines.test_late import START, World, event, made


@pytest.mark.parametrize("hop", [0, HOUR], ids=["event", "hourly"])
@pytest.mark.parametrize("seed", seeds(2, every_run=1))
def test_shuffled_commits_over_30_looks_are_one_computation_of_everything(seed, hop):
    """§6: the newest correction of each row is what one run over all events gives."""
    dice, world = random.Random(seed), World(made(hop))
    looks = sorted(dice.sample(range(1, 60), 30))
    events = [event(dice.uniform(0, 55), number) for number in range(90)]
    committed = {}
    for each in events:  # up to two days late, and never before it happened
        happened = (each["t"] - START) / HOUR
        at = bisect_right(looks, happened + dice.uniform(0, 48) * dice.choice((0, 0, 1)))
        committed.setdefault(min(at, len(looks) - 1), []).append(each)
    again = 0
    for number, hour in enumerate(looks):
        if number in committed:
            world.table.commits.append(committed[number])
        again += len(world.at(hour).look()[0].again)
    world.at(looks[-1]).look()
    whole = Interval(START, START + looks[-1] * HOUR)
    assert world.rows == expected(world.of, world.table.events(), whole)
    assert again > 0
