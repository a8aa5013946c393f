"""``python -m benchmarks``: measure everything, print the table, write ``results.json``.

``--without-feast`` leaves Feast out; ``--only WORD`` keeps the part named so (``handlers``,
``imports``, ``serving``, ``offline``) and writes nothing.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import orjson

from benchmarks import environments, handlers, imports, offline_lag, serving
from benchmarks.rows import Row, table

_PARTS = ("handlers", "imports", "serving", "offline")
_RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--without-feast", action="store_true")
    parser.add_argument("--only", choices=_PARTS)
    asked = parser.parse_args()
    parts = {asked.only} if asked.only else set(_PARTS)
    feast = None if asked.without_feast else environments.feast()
    rows: list[Row] = []
    if parts & {"handlers", "serving"}:
        rows += _told(list(handlers.rows()))
    if "imports" in parts:
        rows += _told(list(imports.rows(feast)))
    if "serving" in parts:
        rows += _told(list(serving.rows(environments.serving(), feast, rows)))
    if "offline" in parts:
        rows += _told(list(offline_lag.rows()))
    machine = _machine()
    print("\n".join(f"{name}: {value}" for name, value in machine.items()))
    print(f"\n{table(rows)}")
    if not asked.only:
        results = {"machine": machine, "rows": [row.as_json() for row in rows]}
        _RESULTS.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2) + b"\n")


def _told(rows: list[Row]) -> list[Row]:
    for row in rows:
        print(f"  {row.id}: {row.ours.value:.3g} {row.unit}", file=sys.stderr)
    return rows


def _machine() -> dict[str, str]:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    others = ", ".join(f"{name} {version(name)}" for name in ("boto3", "orjson"))
    servers = ", ".join((environments.FEAST, *environments.SERVING[:1])).replace("==", " ")
    return {
        "measured": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": f"{os.cpu_count()} x {model}, load {os.getloadavg()[0]:.1f} before the end",
        "versions": f"Python {platform.python_version()}, {others}, {servers}",
    }


if __name__ == "__main__":
    main()
