"""``python -m benchmarks``: measure beside peers and limits, print what falls short.

Exits with 1 where a row misses its goal or a part fails. A full run is kept in ``results.json``
and shown in ``docs/performance.md``; one of some parts only with ``--save``.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from benchmarks import environments
from benchmarks.parts import PARTS
from benchmarks.report import PAGE, RESULTS, page, shortfalls, table

Results = dict[str, Any]


def main() -> None:
    """Measure as the command line says."""
    asked = _parsed()
    if asked.page:
        _show(orjson.loads(RESULTS.read_bytes()))
        return
    options = ["--without-feast"] * asked.without_feast + ["--long"] * asked.long
    measured, failed = _measured(asked.only or list(PARTS), options)
    rows = [row for part in measured.values() for row in part["rows"]]
    print(f"\n{table(rows)}\n")
    if not failed and (asked.save or not asked.only):
        _keep(measured)
    missed = list(shortfalls(rows)) + [f"{name}: the part failed" for name in failed]
    print("\n".join(["What falls short:", *missed]) if missed else "Every goal is met.")
    sys.exit(1 if missed else 0)


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", type=_names, help=f"some of {', '.join(PARTS)}, by commas")
    parser.add_argument("--save", action="store_true", help="keep the results of --only as well")
    parser.add_argument("--without-feast", action="store_true", help="leave Feast out")
    parser.add_argument("--long", action="store_true", help="add rows that take minutes")
    parser.add_argument(
        "--page", action="store_true", help="only write docs/performance.md from the kept results"
    )
    return parser.parse_args()


def _names(text: str) -> list[str]:
    asked = text.replace(",", " ").split()
    if unknown := sorted(set(asked) - PARTS.keys()):
        raise argparse.ArgumentTypeError(
            f"there is no part {', '.join(unknown)}; the parts are {', '.join(PARTS)}"
        )
    return [name for name in PARTS if name in asked]


def _measured(names: Sequence[str], options: Sequence[str]) -> tuple[Results, list[str]]:
    """The results by part, and the names of the parts that failed."""
    measured: Results = {}
    failed = []
    for name in names:
        with tempfile.NamedTemporaryFile(prefix="larder-bench-") as file:
            command = [sys.executable, "-m", "benchmarks.part", name, file.name, *options]
            machine = _machine()
            if subprocess.run(command, check=False).returncode:
                failed.append(name)
            rows = [orjson.loads(line) for line in Path(file.name).read_bytes().splitlines()]
        measured[name] = {"machine": machine, "rows": rows}
    return measured, failed


def _keep(measured: Results) -> None:
    known = orjson.loads(RESULTS.read_bytes()) if RESULTS.exists() else {}
    known |= measured
    results = {name: known[name] for name in PARTS if name in known}
    RESULTS.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2) + b"\n")
    _show(results)


def _show(results: Mapping[str, Any]) -> None:
    PAGE.write_text(page(PAGE.read_text(), results))


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
        "measured": f"{datetime.now(UTC):%Y-%m-%d} UTC",
        "machine": f"{os.cpu_count()} x {model}, load {os.getloadavg()[0]:.0f} before it",
        "versions": f"Python {platform.python_version()}, {others}, {servers}",
    }


if __name__ == "__main__":
    main()
