"""The current records of a feature group at an instant as Athena SQL, cut into shards.

A record's shard follows from the text of its identifier alone. So any engine, and any attempt, puts
it into the same one. The hash is spelled out by functions that all engines have.
"""

# ruff: noqa: S608 - names and literals are quoted by larder.as_of.text
from __future__ import annotations

from collections.abc import Iterator

from larder.as_of.athena import short
from larder.as_of.latest import latest_query
from larder.offline.feature_table import FeatureTable, TableVersion
from larder.predictions.pin import Pin

SHARD = "larder_shard"
"""The column whose values become folders ``larder_shard=7``."""
IDENTIFIER, EVENT_TIME = "f0", "f1"
MOST_FOLDERS = 100
"""AWS, "UNLOAD" of Athena: the most partitions that one statement writes."""
_DIGITS = 4
_CURE = "give the model fewer inputs"


def folders_of(pin: Pin) -> Iterator[range]:
    """The shards in parts of which one statement writes each."""
    for first in range(0, pin.shards, MOST_FOLDERS):
        yield range(first, min(first + MOST_FOLDERS, pin.shards))


def records_query(pin: Pin, shards: range) -> str:
    """A query of the records of some shards: ``f0`` the identifier, ``f1`` the event time, inputs.

    The last column is the shard. Expired records and deleted ones are left out.

    Raises:
        ValidationError: it is longer than Athena takes.
    """
    version = TableVersion(pin.snapshot, pin.columns, empty=pin.snapshot is None)
    found = latest_query(_table(pin), version, as_of=pin.as_of * 1000, since=pin.since)
    columns = ", ".join(f"f{place}" for place in range(len(pin.read)))
    whole = shards.start == 0 and shards.stop == pin.shards
    wanted = "" if whole else f"\nWHERE {SHARD} BETWEEN {shards.start} AND {shards.stop - 1}"
    return short(
        f"""SELECT * FROM (
SELECT {columns}, MOD({_hash()}, {pin.shards}) AS {SHARD}
FROM (
{found}
) AS found
WHERE {IDENTIFIER} IS NOT NULL) AS cut{wanted}""",
        _CURE,
    )


def _table(pin: Pin) -> FeatureTable:
    """The source's table, with the features that are read in place of all."""
    return FeatureTable(
        group=pin.source,
        created=pin.created,
        database=pin.database,
        table=pin.table,
        record_identifier=pin.read[0],
        event_time=pin.read[1],
        features=pin.read,
    )


def _hash() -> str:
    """A whole number below 65,536 of an identifier."""
    text = f"TO_HEX(MD5(TO_UTF8(CAST({IDENTIFIER} AS VARCHAR))))"
    return " + ".join(
        f"(STRPOS('0123456789ABCDEF', SUBSTR({text}, {place + 1}, 1)) - 1) * {16**place}"
        for place in range(_DIGITS)
    )
