"""The platform from Python: one object, whose parts take and give what a program holds.

    eval "$(make -s env)"; .venv/bin/python -m examples.python_client

Records are read and written in the stores themselves, without API Gateway and Lambda between. The
group ``carrier`` is one of ``features/``; this writes a carrier of its own and deletes it.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pandas as pd

import larder

GROUP, NAME = "carrier", "ZZ"
NOW = datetime.now(UTC)


def main() -> None:
    """Describe the group; write, read in several shapes; ask boto3's client; use an event loop."""
    with larder.connect("dev") as platform:
        group, records = platform.groups.describe(GROUP), platform.records
        print("group       ", group.name, group.status, len(group.features), "features")
        records.put_many(
            GROUP, pd.DataFrame([{"carrier": NAME, "event_time": NOW, "flights_24h": 12}])
        )
        print("typed       ", records.get(GROUP, NAME))
        found = records.get_many(GROUP, [NAME, "nobody"], ["flights_24h"])
        print("in order    ", found)
        print("by columns  ", found.to_numpy())
        runtime = records.as_boto3()  # instead of boto3.client("sagemaker-featurestore-runtime")
        answer = runtime.get_record(FeatureGroupName=GROUP, RecordIdentifierValueAsString=NAME)
        print("as boto3    ", answer["Record"])
        asyncio.run(many())
        records.delete(GROUP, NAME, NOW + timedelta(seconds=1))
        print("deleted     ", records.get(GROUP, NAME, consistency="strong"))


async def many() -> None:
    """A hundred reads at once."""
    async with larder.aio.connect("dev") as platform:
        reads = (platform.records.get(GROUP, NAME, ["flights_24h"]) for _ in range(100))
        found = await asyncio.gather(*reads)
    print("at once     ", len(found), "reads, all", found[0])


if __name__ == "__main__":
    main()
