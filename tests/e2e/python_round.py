"""Every part of a platform once, on one group, as a program uses them.

A process of its own, since Arrow reads its certificates when it is loaded.
"""

import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import polars as pl

import larder

NAME = f"round-{uuid.uuid4().hex[:8]}"
ROWS = {"id": ["ada", "bob"], "at": [datetime(2026, 1, 1, tzinfo=UTC)] * 2, "clicks": [1, 2]}
LABELS = {"id": ["bob"], "asked": [datetime(2026, 2, 1, tzinfo=UTC)]}
TEAM = ("Tags.team", "Equals", NAME)


def main(folder: Path) -> None:
    """Create the group, fill it, train on it, erase from it, delete it."""
    with larder.connect("dev") as platform:
        group = platform.groups.create(
            NAME, pl.DataFrame(ROWS), record_identifier="id", event_time="at", tags={"team": NAME}
        )
        assert group.status == "Created"
        assert [each.name for each in platform.groups.search(TEAM)] == [NAME]
        done = platform.ingestion.ingest(
            NAME, pd.DataFrame(ROWS), to="both", rejects=folder / "rejects.jsonl"
        )
        assert (done.written, done.stored, done.rejected) == (2, 2, 0)
        found = platform.records.get_many(NAME, ["bob", "eve"], ["clicks"])
        assert found.to_polars()["clicks"].to_list() == [2, None]
        made = platform.training_sets.create(
            NAME, pl.DataFrame(LABELS), event_time="asked", features={NAME: ["clicks"]}
        )
        assert made.to_pandas()["clicks"].tolist() == [2]
        (status,) = platform.offline.status(NAME)
        assert status.state is not None and status.state.rows == 2
        assert platform.erasure.erase(NAME, "bob").found > 0
        assert platform.records.get(NAME, "bob") is None
        assert platform.materialization.materialize(NAME).records == 1
        platform.groups.delete(NAME)
        assert NAME not in [each.name for each in platform.groups.list()]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
