"""``python -m benchmarks``: measure everything, print the table, write ``results.json``.

``--without-feast`` leaves Feast out; ``--only WORD`` keeps the parts named so (``handlers``,
``listing``, ``imports``, ``serving``, ``memory``, ``ingest``, ``joins``,
``offline``) and writes nothing; ``--long`` adds rows that take minutes.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import orjson

from benchmarks import (
    environments,
    handlers,
    imports,
    ingest,
    joins,
    listing,
    memory,
    offline_lag,
    serving,
)
from benchmarks.rows import Row, table

_PARTS = ("handlers", "listing", "imports", "serving", "memory", "ingest", "joins", "offline")
_RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--without-feast", action="store_true")
    parser.add_argument("--only", choices=_PARTS)
    parser.add_argument("--long", action="store_true")
    asked = parser.parse_args()
    parts = {asked.only} if asked.only else set(_PARTS)
    feast = None if asked.without_feast else environments.feast()
    rows: list[Row] = []
    if parts & {"handlers", "serving"}:
        rows += _told(handlers.rows())
    if "listing" in parts:
        rows += _told(listing.rows())
    if "imports" in parts:
        rows += _told(imports.rows(feast))
    if "serving" in parts:
        rows += _told(serving.rows(environments.serving(), feast, rows))
    if "memory" in parts:
        rows += _told(memory.rows(environments.serving(), feast, environments.bare_client()))
    if "ingest" in parts:
        rows += _told(ingest.rows(long=asked.long))
    if "joins" in parts:
        rows += _told(joins.rows(None if feast is None else environments.feast_joins()))
    if "offline" in parts:
        rows += _told(offline_lag.rows())
    machine = _machine()
    print("\n".join(f"{name}: {value}" for name, value in machine.items()))
    print(f"\n{table(rows)}")
    if not asked.only:
        results = {"machine": machine, "rows": [row.as_json() for row in rows]}
        _RESULTS.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2) + b"\n")


def _told(rows: Iterator[Row]) -> list[Row]:
    found = []
    for row in rows:
        print(f"  {row.id}: {row.ours.value:.3g} {row.unit}", file=sys.stderr)
        found.append(row)
    return found


def _machine() -> dict[str, str]:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    others = ", ".join(f"{name} {version(name)}" for name in ("boto3", "orjson", "duckdb"))
    servers = ", ".join((environments.FEAST, *environments.SERVING[:1])).replace("==", " ")
    return {
        "measured": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": f"{os.cpu_count()} x {model}, load {os.getloadavg()[0]:.1f} before the end",
        "versions": f"Python {platform.python_version()}, {others}, {servers}",
    }


if __name__ == "__main__":
    main()
