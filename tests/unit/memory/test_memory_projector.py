"""The projector's events: what it repairs, what it passes over, and what it asks for again."""

import pytest

from lambdas.memory_projector.events import create_projector
from larder.memory.adapters.dynamodb_stream import entry_change
from larder.memory.entry import memory_key
from larder.records.codec import pack
from larder.records.record import RecordVersion, Slot, State
from tests.faults.memory_platform import stream_record
from tests.support.logs import collecting

SLOT = Slot("uid1", 64, "c1", in_memory=True)
LONG = Slot("uid1", 64, "l" * 1500, in_memory=True)


class Tier:
    def __init__(self, refused=()):
        self.refused, self.taken = refused, []

    def repair(self, changes, *, seconds):
        self.taken += changes
        return [key not in self.refused for key, _ in changes]


def version(slot, event_key=5):
    packed = pack({0: slot.identifier, 1: str(event_key)})
    return RecordVersion("", event_key, 9, 4, State.LIVE, packed, 2, life=1)


def run(tier, *records):
    lines = []
    answer = create_projector(tier, entry_change, collecting(lines))(
        {"Records": list(records)}, None
    )
    return answer["batchItemFailures"], lines


def test_each_change_is_repaired_under_its_key():
    tier = Tier()
    records = [stream_record(slot, version(slot)) for slot in (SLOT, LONG)]
    assert run(tier, *records)[0] == []
    assert tier.taken == [(memory_key(SLOT), version(SLOT)), (memory_key(LONG), version(LONG))]


def test_a_change_of_a_restored_table_has_its_epoch_in_the_key():
    record = stream_record(SLOT, version(SLOT))
    assert entry_change(record, "1f2e3d4c.") == (memory_key(SLOT, "1f2e3d4c."), version(SLOT))


def test_from_the_first_that_was_not_taken_all_come_again():
    records = [stream_record(slot, version(slot)) for slot in (SLOT, LONG, SLOT)]
    failures, _ = run(Tier(refused=[memory_key(LONG)]), *records)
    assert failures == [{"itemIdentifier": records[1]["dynamodb"]["SequenceNumber"]}]


def _without(record, *path):
    *parents, last = path
    inner = record
    for name in parents:
        inner = inner[name]
    del inner[last]
    return record


@pytest.mark.parametrize("path", [("dynamodb", "NewImage"), ("dynamodb", "NewImage", "m")])
def test_removals_and_records_of_other_tiers_are_passed_over(path):
    tier = Tier()
    assert run(tier, _without(stream_record(SLOT, version(SLOT)), *path))[0] == []
    assert tier.taken == []


def test_log_items_are_passed_over():
    record = stream_record(SLOT, version(SLOT))
    record["dynamodb"]["Keys"]["pk"]["S"] = "L#uid1#3"
    tier = Tier()
    run(tier, record)
    assert tier.taken == []


@pytest.mark.parametrize(
    "path", [("dynamodb", "NewImage", "e"), ("dynamodb", "Keys"), ("dynamodb",)]
)
def test_what_cannot_be_read_is_told_and_the_rest_goes_on(path):
    tier = Tier()
    broken = _without(stream_record(SLOT, version(SLOT)), *path)
    failures, lines = run(tier, broken, stream_record(LONG, version(LONG)))
    assert failures == []
    assert [key for key, _ in tier.taken] == [memory_key(LONG)]
    assert "change skipped" in lines[0]
