"""The records client for asyncio."""

import asyncio
import threading

import pytest

from larder.client.async_records import AsyncRecordsClient
from larder.errors import ResourceNotFound
from larder.records.ports import Consistency
from larder.testing.records import MemoryRecordStore
from tests.support.direct import records_client

AT = "2024-01-01T00:00:00Z"


class Gated(MemoryRecordStore):
    """Reads wait until the gate opens; how many waited at once is remembered."""

    def __init__(self):
        super().__init__()
        self.gate, self.entered = threading.Event(), threading.Semaphore(0)
        self.lock, self.inside, self.most, self.read = threading.Lock(), 0, 0, []

    def get(self, slots, *, consistency=Consistency.DEFAULT):
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.read += [slot.identifier for slot in slots]
        self.entered.release()
        self.gate.wait()
        with self.lock:
            self.inside -= 1
        return super().get(slots, consistency=consistency)


def record(identifier, **features):
    return {"customer_id": identifier, "event_time": AT, **features}


def test_every_method_is_a_coroutine_that_does_the_same():
    async def use():
        async with AsyncRecordsClient(records_client()) as store:
            await store.put("customers", record("c1", clicks=1))
            outcome = await store.put_many("customers", [record("c2", clicks=2)])
            assert outcome.all_accepted
            assert await store.get("customers", "c1", ["clicks"]) == {"clicks": 1}
            assert await store.get_many("customers", ["c2", "c3"], ["clicks"]) == [
                {"clicks": 2},
                None,
            ]
            columns = await store.get_many("customers", ["c1", "c2"], ["clicks"])
            assert columns.to_numpy()["clicks"].tolist() == [1, 2]
            await store.delete("customers", "c1", "2024-01-02T00:00:00Z")
            assert [each async for each in store.list("customers")] == ["c2"]
            with pytest.raises(ResourceNotFound):
                await store.get("nope", "c1")

    asyncio.run(use())


def test_a_hundred_reads_at_once_share_the_threads_there_are():
    behind = Gated()
    sync = records_client(store=behind)
    sync.put_many("customers", (record(f"c{n}", clicks=n) for n in range(100)))

    async def use():
        async with AsyncRecordsClient(sync, workers=8) as store:
            reads = [
                asyncio.create_task(store.get("customers", f"c{n}", ["clicks"])) for n in range(100)
            ]
            await asyncio.to_thread(lambda: [behind.entered.acquire() for _ in range(8)])
            behind.gate.set()
            return await asyncio.gather(*reads)

    assert asyncio.run(use()) == [{"clicks": n} for n in range(100)]
    assert behind.most == 8


def test_a_cancelled_read_that_waits_is_never_made_and_one_that_runs_ends():
    behind = Gated()
    sync = records_client(store=behind)

    async def use():
        async with AsyncRecordsClient(sync, workers=1) as store:
            running = asyncio.create_task(store.get("customers", "c1"))
            await asyncio.to_thread(behind.entered.acquire)
            waiting = asyncio.create_task(store.get("customers", "c2"))
            await asyncio.sleep(0)
            running.cancel()
            waiting.cancel()
            outcomes = await asyncio.gather(running, waiting, return_exceptions=True)
            assert [type(each) for each in outcomes] == [asyncio.CancelledError] * 2
            behind.gate.set()
            assert await store.get("customers", "c3") is None

    asyncio.run(use())
    assert behind.read == ["c1", "c3"]
    assert behind.inside == 0
