"""Rows of a baseline, and a million exposures of which one input has moved."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

COLUMNS: Final = 30
BASELINE: Final = 100_000
CURRENT: Final = 1_000_000
SHIFTED: Final = "feature_07"
NAMES: Final = tuple(f"feature_{number:02}" for number in range(COLUMNS))
_SHIFT = 0.5
_PART = 100_000


def write(folder: Path) -> None:
    """``baseline`` and ``current``: as exposures hold them, and in a column for each input."""
    random = np.random.default_rng(7)
    for name, count, shift in (("baseline", BASELINE, 0.0), ("current", CURRENT, _SHIFT)):
        writers: dict[str, Any] = {}
        for _ in range(count // _PART):
            values = random.normal(size=(_PART, COLUMNS))
            values[:, NAMES.index(SHIFTED)] += shift
            for kind, table in (("exposures", _exposures(values)), ("wide", _wide(values))):
                path = folder / f"{name}-{kind}.parquet"
                if kind not in writers:
                    writers[kind] = pq.ParquetWriter(path, table.schema)
                writers[kind].write_table(table)
        for writer in writers.values():
            writer.close()


def _exposures(values: Any) -> Any:  # noqa: ANN401 - numpy, pyarrow
    offsets = np.arange(0, values.size + 1, COLUMNS, dtype=np.int32)
    inputs = pa.ListArray.from_arrays(pa.array(offsets), pa.array(values.reshape(-1)))
    scores = pa.ListArray.from_arrays(
        pa.array(np.arange(len(values) + 1, dtype=np.int32)), pa.array(values[:, 0])
    )
    return pa.table({"inputs": inputs, "scores": scores})


def _wide(values: Any) -> Any:  # noqa: ANN401 - numpy, pyarrow
    return pa.table({name: values[:, place] for place, name in enumerate(NAMES)})
