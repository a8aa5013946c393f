"""What every ledger of pipelines promises, asked of each implementation."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import boto3
import pytest
from moto import mock_aws

from larder.pipelines.adapters.dynamodb_ledger import DynamoLedger
from larder.pipelines.durations import DAY, HOUR
from larder.pipelines.runs.items import (
    AGAIN,
    DUE,
    NAMED,
    Acceptance,
    Claim,
    IntervalItem,
    Position,
    Publication,
    State,
)
from larder.pipelines.sql.statement import Interval
from larder.testing.pipeline_runs import MemoryLedger
from tests.support.atomic_dynamo import AtomicDynamo
from tests.support.tables import create_registry_table

NOW = 1_700_000_000_000_000
FIRST = IntervalItem("card", 1, Interval(-HOUR, 0))
SECOND = replace(FIRST, interval=Interval(0, HOUR))


@pytest.fixture(params=["memory", "dynamodb"])
def ledger(request):
    if request.param == "memory":
        yield MemoryLedger()
        return
    with mock_aws():
        client = boto3.client("dynamodb")
        create_registry_table(client, "registry")
        yield DynamoLedger(AtomicDynamo(client), "registry")
        client.close()


def claim(ledger, item=FIRST, owner="a", now=NOW, takes=DUE):
    return ledger.claim(item, Claim(owner, now, takes), now + HOUR)


def test_a_position_is_read_back_as_it_was_moved(ledger):
    assert ledger.position("card") is None
    for until in (-DAY, DAY):
        ledger.move(Position("card", 1, until))
        assert ledger.position("card") == Position("card", 1, until)
    ledger.move(Position("card", 2, 0))
    assert ledger.position("card") == Position("card", 2, 0)
    assert ledger.position("other") is None
    ledger.move(Position("account", 1, 5))
    assert list(ledger.positions()) == [Position("account", 1, 5), Position("card", 2, 0)]


def test_a_pipeline_is_paused_until_it_is_resumed_however_its_position_moves(ledger):
    assert not ledger.pause("card", True)
    assert ledger.position("card") is None
    ledger.move(Position("card", 1, 0))
    assert ledger.pause("card", True)
    assert ledger.position("card") == Position("card", 1, 0, paused=True)
    ledger.move(Position("card", 2, DAY))
    assert ledger.position("card") == Position("card", 2, DAY, paused=True)
    assert ledger.pause("card", False)
    assert ledger.position("card") == Position("card", 2, DAY)


def test_a_claim_is_an_item_of_its_owner(ledger):
    taken = claim(ledger)
    assert taken == replace(
        FIRST, state=State.RUNNING, owner="a", lease_until=NOW + HOUR, attempts=1, changed=NOW
    )
    assert list(ledger.intervals("card", 1, -HOUR)) == [taken]


def test_two_claimers_never_hold_one_interval(ledger):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda owner: claim(ledger, owner=str(owner)), range(8)))
    assert len([each for each in found if each]) == 1


def test_a_lease_that_ends_frees_the_interval_and_its_owner_has_it_no_more(ledger):
    mine = claim(ledger)
    assert claim(ledger, owner="b", now=NOW + HOUR) is None
    theirs = claim(ledger, owner="b", now=NOW + HOUR + 1)
    assert (theirs.owner, theirs.attempts) == ("b", 2)
    assert not ledger.renew(mine, NOW + DAY)
    assert not ledger.end(replace(mine, state=State.PUBLISHED, rows=3))
    assert list(ledger.intervals("card", 1, -DAY)) == [theirs]


def test_a_lease_is_renewed(ledger):
    mine = claim(ledger)
    assert ledger.renew(mine, NOW + DAY)
    assert claim(ledger, owner="b", now=NOW + 2 * HOUR) is None


def test_an_owner_that_repeats_its_claim_has_it(ledger):
    assert claim(ledger).attempts == 1
    assert claim(ledger).attempts == 2


@pytest.mark.parametrize("takes", [DUE, NAMED, AGAIN], ids=["due", "named", "again"])
@pytest.mark.parametrize("state", [State.PUBLISHED, State.FAILED, State.BLOCKED])
def test_an_end_is_kept_and_only_some_states_are_taken_again(ledger, state, takes):
    mine = claim(ledger)
    ended = replace(mine, state=state, rows=7, cause="é", changed=NOW + 1)
    assert ledger.end(ended)
    assert list(ledger.intervals("card", 1, -DAY)) == [ended]
    assert not ledger.end(ended)
    assert (claim(ledger, owner="b", takes=takes) is not None) == (state in takes)


def test_rows_of_an_earlier_end_go(ledger):
    ledger.end(replace(claim(ledger), state=State.FAILED, rows=7, cause="lost"))
    ledger.end(replace(claim(ledger), state=State.FAILED, rows=None, cause=""))
    (found,) = ledger.intervals("card", 1, -DAY)
    assert (found.rows, found.cause, found.attempts) == (None, "", 2)


def test_counts_and_acceptance_are_kept_until_an_end_without_them(ledger):
    accepted = Acceptance(1, "ada", "Easter")
    ended = replace(claim(ledger), state=State.PUBLISHED, rows=7, keys=3, accepted=accepted)
    assert ledger.end(ended)
    assert list(ledger.intervals("card", 1, -DAY)) == [ended]
    again = claim(ledger, takes=AGAIN)
    blocked = replace(again, state=State.BLOCKED, rows=None, keys=None, accepted=None, pauses=True)
    assert ledger.end(blocked)
    assert list(ledger.intervals("card", 1, -DAY)) == [blocked]
    assert ledger.end(replace(claim(ledger, takes=NAMED), state=State.FAILED, pauses=False))
    (found,) = ledger.intervals("card", 1, -DAY)
    assert (found.keys, found.accepted, found.pauses) == (None, None, False)


def test_a_publication_that_began_is_kept_by_claims_until_an_end(ledger):
    mine = claim(ledger)
    begun = replace(mine, publication=Publication(1, 1))
    assert ledger.renew(begun, NOW + HOUR)
    assert ledger.renew(mine, NOW + HOUR)
    assert list(ledger.intervals("card", 1, -DAY)) == [begun]
    theirs = claim(ledger, owner="b", now=NOW + DAY)
    assert (theirs.attempts, theirs.publication) == (2, Publication(1, 1))
    assert not ledger.renew(replace(mine, publication=Publication(1, 0)), NOW + DAY)
    assert ledger.end(replace(theirs, state=State.FAILED, publication=None))
    assert claim(ledger, owner="c", now=NOW + DAY).publication is None


def accept(ledger, attempt, owner="b", now=NOW):
    asked = Claim(owner, now, (State.BLOCKED,), accepts=attempt)
    return ledger.claim(FIRST, asked, now + HOUR)


def test_only_the_last_attempt_of_a_blocked_interval_is_taken_to_be_accepted(ledger):
    assert accept(ledger, 0) is None and accept(ledger, 1) is None
    mine = claim(ledger)
    assert accept(ledger, 1, now=NOW + DAY) is None  # its lease ended, but it is not blocked
    assert ledger.end(replace(mine, state=State.BLOCKED))
    assert accept(ledger, 0) is None and accept(ledger, 2) is None
    taken = accept(ledger, 1)
    assert (taken.state, taken.owner, taken.attempts) == (State.RUNNING, "b", 2)
    assert accept(ledger, 1, "c") is None
    assert accept(ledger, 1).attempts == 3  # its owner asks again
    assert claim(ledger, owner="c", now=NOW + 2 * HOUR).attempts == 4  # which died


def test_intervals_are_those_of_one_revision_from_an_instant_on_oldest_first(ledger):
    items = [SECOND, FIRST, replace(FIRST, revision=2), replace(FIRST, pipeline="card2")]
    items.append(replace(SECOND, interval=Interval(0, DAY)))
    for each in items:
        claim(ledger, each)

    def found(revision, after):
        return [each.interval for each in ledger.intervals("card", revision, after)]

    assert found(1, -DAY) == [FIRST.interval, SECOND.interval, Interval(0, DAY)]
    assert found(1, 0) == [SECOND.interval, Interval(0, DAY)]
    assert found(2, -DAY) == [FIRST.interval]
    assert found(3, -DAY) == []


def test_a_published_interval_is_made_due_again_once(ledger):
    ended = replace(claim(ledger), state=State.PUBLISHED, rows=7, changed=NOW + 1)
    ledger.end(ended)
    assert ledger.reopen(ended)
    assert not ledger.reopen(ended)
    assert list(ledger.intervals("card", 1, -DAY)) == [replace(ended, state=State.DUE)]
    assert claim(ledger, owner="b").attempts == 2


@pytest.mark.parametrize("state", [State.RUNNING, State.FAILED, State.BLOCKED])
def test_no_other_interval_is_made_due_again(ledger, state):
    item = claim(ledger)
    if state is not State.RUNNING:
        item = replace(item, state=state, changed=NOW + 1)
        ledger.end(item)
    assert not ledger.reopen(item)


def test_one_that_was_published_anew_since_is_not_made_due_again(ledger):
    first = replace(claim(ledger), state=State.PUBLISHED, changed=NOW + 1)
    ledger.end(first)
    again = claim(ledger, takes=AGAIN)
    ledger.end(replace(again, state=State.PUBLISHED, changed=NOW + 2))
    assert not ledger.reopen(first)


def test_what_was_read_is_noted_beside_the_position_and_stays_when_it_moves(ledger):
    ledger.move(Position("card", 1, 0))
    ledger.note_reads("card", {"raw.events": 2**62, "raw.cities": 1}, 3)
    ledger.move(Position("card", 2, DAY))
    wanted = Position("card", 2, DAY, reads={"raw.events": 2**62, "raw.cities": 1}, dropped=3)
    assert ledger.position("card") == wanted
    ledger.note_reads("card", {"raw.events": 5}, 3)
    assert ledger.position("card").reads == {"raw.events": 5}


def test_failures_are_kept(ledger):
    ended = replace(claim(ledger), state=State.FAILED, failures=2, changed=NOW + 1)
    ledger.end(ended)
    assert list(ledger.intervals("card", 1, -DAY)) == [ended]
    assert claim(ledger, owner="b").failures == 2
