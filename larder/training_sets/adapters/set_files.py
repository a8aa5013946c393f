"""Files of training sets on S3, as ``larder.training_sets.ports.SetFiles`` promises."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from larder.aws.s3_objects import MANIFEST, Objects, training_sets_at
from larder.errors import ValidationError
from larder.groups.feature_group import FeatureType
from larder.offline.adapters.iceberg.catalog import bucket_files
from larder.progress import Progress, Report
from larder.tabular.batches import Batch
from larder.tabular.files import Opening
from larder.tabular.sources import Source, open_source
from larder.training_sets.adapters.label_files import LabelFiles
from larder.training_sets.adapters.label_partitions import PartitionValues
from larder.training_sets.adapters.label_rows import LabelRows
from larder.training_sets.adapters.results import read_result
from larder.training_sets.label_columns import WantedLabels
from larder.training_sets.ports import Contents, StoredFile, StoredLabels


@dataclass(frozen=True, slots=True)
class S3SetFiles:
    """Implements ``larder.training_sets.ports.SetFiles`` below ``s3://<bucket>/training-sets/``."""

    objects: Objects
    bucket: str

    def location(self, *parts: str) -> str:
        return training_sets_at(self.bucket) + "".join(f"{part}/" for part in parts)

    def write_labels(
        self,
        source: Any,  # noqa: ANN401 - a frame of any library, or an address
        wanted: WantedLabels,
        location: str,
        report: Report,
    ) -> StoredLabels:
        start = time.monotonic()
        with TemporaryDirectory(prefix="larder-") as folder:
            labels = _open(source, wanted)
            rows = LabelRows(labels.schema, wanted.event_time, wanted.keys, wanted.time_zone)
            partitions = PartitionValues(rows, wanted.partition_by)
            with LabelFiles(self.objects, rows.schema, location, Path(folder)) as files:
                for batch in labels.batches():
                    converted = _converted(rows, batch)
                    partitions.see(converted)
                    files.write(converted)
                    seconds = time.monotonic() - start
                    report(Progress("labels", seconds=seconds, rows=rows.rows, bytes=files.bytes))
        return files.stored(rows)

    def contents(
        self, location: str, rows: int, partitions: Mapping[str, str], report: Report
    ) -> Contents:
        return read_result(self.objects, location, rows, partitions, report)

    def unchanged(self, files: Sequence[StoredFile]) -> list[str]:
        problems = []
        for file in files:
            digest = self.objects.digest(file.address)
            if digest is None:
                problems.append(f"{file.address} is gone")
            elif digest != file.sha256:
                problems.append(f"{file.address} has other bytes than when it was written")
        return problems

    def remove(self, location: str) -> None:
        self.objects.remove(location)

    def manifest(self, name: str) -> bytes | None:
        return self.objects.read(self.location(name) + MANIFEST)

    def put_manifest(self, name: str, document: bytes) -> None:
        self.objects.create(self.location(name) + MANIFEST, document)

    def names(self) -> list[str]:
        found = self.objects.folders(self.location())
        return [name for name in found if self.manifest(name) is not None]


def _open(source: Any, wanted: WantedLabels) -> Source:  # noqa: ANN401 - any frame, or an address
    """The labels. Times and keys that are texts stay as they are written: ``007`` is no number.

    Raises:
        ValidationError: there is no label, or they can't be read.
    """
    texts = [key.column for key in wanted.keys if key.identifier.type is FeatureType.STRING]
    labels = open_source(source, bucket_files, Opening(wanted.reading, [wanted.event_time, *texts]))
    if not labels.schema.names:
        raise ValidationError("there are no labels: what was given has no column and no row")
    return labels


def _converted(rows: LabelRows, batch: Batch) -> Any:  # noqa: ANN401 - pyarrow is untyped
    try:
        return rows.convert(batch)
    except ValidationError as error:
        if not batch.file:
            raise
        raise ValidationError(f"{batch.file}: {error}") from error
