"""``python -m benchmarks.part NAME FILE``: measure one part, its rows into a file, a JSON a line.

``--without-feast`` and ``--long`` are those of ``python -m benchmarks``, which runs this.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import orjson

from benchmarks.parts import PARTS, Setting, rows_of


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.part", description=__doc__)
    parser.add_argument("name", choices=PARTS)
    parser.add_argument("file", type=Path)
    parser.add_argument("--without-feast", action="store_true")
    parser.add_argument("--long", action="store_true")
    asked = parser.parse_args()
    setting = Setting(without_feast=asked.without_feast, long=asked.long)
    with asked.file.open("wb") as file:
        for row in rows_of(asked.name, setting):
            print(f"  {row.id}: {row.ours.value:.3g} {row.unit}", file=sys.stderr, flush=True)
            file.write(orjson.dumps(row.as_json()) + b"\n")
            file.flush()


if __name__ == "__main__":
    main()
