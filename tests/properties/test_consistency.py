"""What is under way is never a mismatch, and what is wrong always is, in random histories."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from larder.event_time import nanos_to_iso
from larder.pipelines.consistency.sides import HistoryVersion, online_row
from larder.pipelines.consistency.store_and_history import StoreAndHistory
from larder.pipelines.durations import SECOND
from larder.records.codec import pack
from larder.records.record import RecordVersion, State
from larder.records.values import slots_of
from larder.testing.records import MemoryRecordStore
from tests.support.groups import feature_group

GROUP = feature_group()
SLOT = slots_of(GROUP)("c")
START = 1_700_000_000 * SECOND
NOW = START + 3600 * SECOND
WRITES = st.lists(
    st.tuples(st.integers(0, 6), st.booleans(), st.none() | st.integers(0, 3)),
    min_size=1,
    max_size=12,
)
"""Of each write: its event time in seconds, whether it deletes, and its value."""


def version(place, event, deletes, clicks):
    at = nanos_to_iso((START // SECOND + event) * 10**9)
    texts = {0: "c", 1: at}
    if clicks is not None and not deletes:
        texts[2] = str(clicks)
    written = START + place * SECOND
    state = State.SOFT_DELETED if deletes else State.LIVE
    event_key = (START // SECOND + event) * 10**9
    return RecordVersion("c", event_key, written, written, state, pack(texts), len(GROUP.features))


def in_history(found):
    """The version as the history gives it."""
    gone = found.state is not State.LIVE
    row = {} if gone else online_row(GROUP, found)
    return HistoryVersion("c", found.order(), found.event_key, found.write_time, gone, row)


def answer(online, history, watermark, *, is_running=False):
    newest = max(history, key=RecordVersion.order, default=None)
    sides = StoreAndHistory(
        group=GROUP,
        online={"c": online} if online else {},
        history={"c": in_history(newest)} if newest else {},
        read_at=NOW,
        watermark=watermark,
        is_running=lambda _version: is_running,
    )
    return sides.answer(["c"])


def written(writes):
    """The versions of some writes, and the one that the online store holds."""
    store = MemoryRecordStore()
    versions = [version(place, *each) for place, each in enumerate(writes)]
    for each in versions:
        store.put(SLOT, each, now_nanos=each.write_time * 1000)
    return versions, store.records.get(SLOT)


@given(WRITES, st.integers(0, 12), st.data())
def test_a_history_that_lags_has_nothing_wrong(writes, passed, data):
    versions, online = written(writes)
    watermark = START + passed * SECOND - 1
    there = [each for each in versions if each.write_time <= watermark]
    later = [each for each in versions if each.write_time > watermark]
    there += data.draw(st.lists(st.sampled_from(later), unique_by=id)) if later else []
    found = answer(online, there, watermark if data.draw(st.booleans()) else None)
    assert (found.different, found.older) == (0, 0)


@given(WRITES, st.integers(0, 12))
def test_a_store_that_lags_behind_a_run_at_work_has_nothing_wrong(writes, known):
    versions, _ = written(writes)
    _, online = written(writes[:known])
    found = answer(online, versions, NOW, is_running=True)
    assert (found.different, found.older) == (0, 0)


@given(WRITES, st.integers(4, 9))
def test_one_wrong_value_is_found_wherever_both_sides_have_the_version(writes, wrong):
    versions, online = written(writes)
    if online is None or online.state is not State.LIVE:
        return
    texts = {0: "c", 1: nanos_to_iso(online.event_key), 2: str(wrong)}
    found = answer(replace(online, packed=pack(texts)), versions, NOW)
    clicks = next(each for each in found.features if each.feature == "clicks")
    assert found.different == clicks.different == 1


@given(WRITES)
def test_a_version_that_the_history_lost_is_found_once_it_is_proven_past(writes):
    versions, online = written(writes)
    if online is None or online.state is not State.LIVE or not online_row(GROUP, online):
        return
    found = answer(online, [], NOW)
    assert (found.different, found.causes) == (1, {"not in the history": 1})
    lost = answer(None, versions, NOW)
    assert (lost.different, lost.causes) == (1, {"not in the online store": 1})
