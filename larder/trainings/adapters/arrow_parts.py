"""The rows of a training set in two Parquet files, by the time of their labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from larder.aws.s3_objects import Objects
from larder.errors import ValidationError
from larder.event_time import NANOS
from larder.tabular.columns import restored
from larder.training_sets.adapters.label_times import instants
from larder.training_sets.adapters.results import StoredRows
from larder.training_sets.manifest import LABEL, Manifest
from larder.trainings.ports import Parts

Arrow = Any  # pyarrow is untyped


@dataclass(frozen=True, slots=True)
class ArrowParts:
    """Implements ``larder.trainings.ports.SetParts``; one batch of rows is in memory at a time."""

    objects: Objects

    def split(self, manifest: Manifest, share: float, training: str, held_out: str) -> Parts:
        times = np.concatenate([_times(manifest, each) for each in self._batches(manifest)])
        cut = _cut(np.sort(times), share)
        with TemporaryDirectory(prefix="larder-") as folder:
            early, late = Path(folder, "train.parquet"), Path(folder, "held-out.parquet")
            counts = self._write(manifest, cut, early, late)
            # what is held out comes first: with the rows of the training there is a whole split
            self.objects.send(late, held_out)
            self.objects.send(early, training)
        moment = datetime.fromtimestamp(cut // NANOS, UTC)
        return Parts(*counts, cut=moment.isoformat())

    def _write(self, manifest: Manifest, cut: int, early: Path, late: Path) -> tuple[int, int]:
        counts, writers = [0, 0], {}
        try:
            for batch in self._batches(manifest):
                is_late = pa.array(_times(manifest, batch) >= cut)
                for number, (path, mask) in enumerate(
                    ((early, pc.invert(is_late)), (late, is_late))
                ):
                    rows = batch.filter(mask)
                    counts[number] += len(rows)
                    if number not in writers:
                        writers[number] = pq.ParquetWriter(path, rows.schema)
                    writers[number].write_table(rows)
        finally:
            for writer in writers.values():
                writer.close()
        return counts[0], counts[1]

    def _batches(self, manifest: Manifest) -> Iterator[Arrow]:
        """The rows with the names that were asked for, and labels in the types they were given."""
        for batch in StoredRows(self.objects).batches(manifest):
            columns = {}
            for each in manifest.columns:
                values = batch.column(batch.schema.get_field_index(each.column))
                is_label = each.source == LABEL
                columns[each.name] = restored(values, each.type) if is_label else values
            yield pa.table(columns)


def _times(manifest: Manifest, rows: Arrow) -> Arrow:
    parameters = manifest.parameters
    column = rows.column(parameters["event_time"]).combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else column.type.array([])
    nanos = instants(column, parameters["event_time"], parameters["time_zone"], 0)
    return nanos.to_numpy(zero_copy_only=False)


def _cut(times: Arrow, share: float) -> int:
    """The first instant that is held out. Rows of one instant stay together."""
    count = len(times)
    place = count - ceil(count * share / 100)
    cut = int(times[max(place, 0)])
    if cut <= int(times[0]):
        raise ValidationError(
            f"compare.held_out: of {count} labels, {share:g}% of the latest leave none to train "
            "on: their times are too few. Bring labels of more instants, or hold out fewer"
        )
    return cut
