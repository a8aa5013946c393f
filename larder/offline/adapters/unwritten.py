"""Which groups have records that the stream has passed and that are not in their tables."""

from __future__ import annotations

from dataclasses import dataclass

from larder.bucket_folders import QUARANTINE, SPILLED
from larder.offline.redrive import FailureObjects, records_of
from larder.offline.status import Unwritten
from larder.records.adapters.dynamodb_item import parse_partition

_MOST_OBJECTS = 100


@dataclass(frozen=True, slots=True)
class UnwrittenRecords:
    """Looks through spilled batches, and through the names of what is in quarantine."""

    objects: FailureObjects

    def __call__(self) -> Unwritten:
        uids: set[str] = set()
        for key in self.objects.list(QUARANTINE):
            uid = key.removeprefix(QUARANTINE).split("/")[0]
            if uid == "unknown":
                return Unwritten(uids, f"a record of an unknown group was set aside: {key}")
            uids.add(uid)
        spilled = list(self.objects.list(SPILLED))
        if len(spilled) > _MOST_OBJECTS:
            return Unwritten(uids, f"{len(spilled)} batches lie under {SPILLED}: redrive")
        for key in spilled:
            body = self.objects.read(key)
            if body is None:  # redriven meanwhile
                continue
            try:
                records = records_of(body)
                partitions = {record["dynamodb"]["Keys"]["pk"]["S"] for record in records}
            except (ValueError, KeyError, TypeError):
                return Unwritten(uids, f"{key} can't be read as a failed batch")
            # the registry's batches are spilled to the same place
            written = (each for each in partitions if each.startswith(("R#", "L#")))
            uids.update(parse_partition(each)[1] for each in written)
        return Unwritten(uids)
