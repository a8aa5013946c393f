"""The direct door: the stores themselves, from Python, without API Gateway and Lambda between.

    eval "$(make -s env)"; .venv/bin/python -m examples.direct

The group ``carrier`` is one of ``features/``; this writes a carrier of its own and deletes it.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from larder.client import AsyncFeatureStore, FeatureStore

GROUP, NAME = "carrier", "ZZ"
NOW = datetime.now(UTC)


def main() -> None:
    """Write, read in three shapes, switch boto3's client, and do the same on an event loop."""
    with FeatureStore.connect("dev") as store:
        store.put(GROUP, {"carrier": NAME, "event_time": NOW, "flights_24h": 12})
        print("typed       ", store.get(GROUP, NAME))
        print("in order    ", store.get_many(GROUP, [NAME, "nobody"], ["flights_24h"]))
        print("by columns  ", store.columns(GROUP, [NAME, "nobody"], ["flights_24h"]).to_numpy())
        runtime = store.as_boto3()  # instead of boto3.client("sagemaker-featurestore-runtime")
        answer = runtime.get_record(FeatureGroupName=GROUP, RecordIdentifierValueAsString=NAME)
        print("as boto3    ", answer["Record"])
        asyncio.run(many(store))
        store.delete(GROUP, NAME, NOW + timedelta(seconds=1))
        print("deleted     ", store.get(GROUP, NAME, consistency="strong"))


async def many(sync: FeatureStore) -> None:
    """A hundred reads at once."""
    store = AsyncFeatureStore(sync)
    found = await asyncio.gather(*(store.get(GROUP, NAME, ["flights_24h"]) for _ in range(100)))
    print("at once     ", len(found), "reads, all", found[0])


if __name__ == "__main__":
    main()
