"""Training sets that hold an identifier: named, never changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

from larder.aws.s3_objects import MANIFEST, Objects, training_sets_at
from larder.erasure.erase import Subject, Trace
from larder.errors import ValidationError
from larder.offline.erased_marks import identifier_text
from larder.records.feature_values import canonical_identifier
from larder.training_sets.manifest import Manifest


@dataclass(frozen=True, slots=True)
class TrainingSetSearch:
    """Implements ``larder.erasure.erase.Place`` by looking only."""

    objects: Objects
    bucket: str

    def erase(self, subject: Subject, *, dry_run: bool) -> Sequence[Trace]:  # noqa: ARG002
        """See the port; nothing is removed, so ``dry_run`` makes no difference."""
        found = []
        for manifest in self._manifests():
            rows = sum(self._rows(manifest, column, subject) for column in _keys(manifest, subject))
            if rows:
                where = f"training set {manifest.name}"
                left = f"its owner decides; it lies at {manifest.location}"
                found.append(Trace(where, "rows", rows, left, stays=True))
        return found

    def _manifests(self) -> Iterator[Manifest]:
        root = training_sets_at(self.bucket)
        for name in self.objects.folders(root):
            document = self.objects.read(f"{root}{name}/{MANIFEST}")
            if document is not None:
                yield Manifest.from_json(document)

    def _rows(self, manifest: Manifest, column: str, subject: Subject) -> int:
        rows = 0
        with TemporaryDirectory(prefix="larder-") as folder:
            path = Path(folder) / "part.parquet"
            for file in manifest.files:
                self.objects.fetch(file.address, path)
                values = pq.read_table(path, columns=[column])[column].to_pylist()
                rows += sum(_is(value, subject) for value in values)
        return rows


def _keys(manifest: Manifest, subject: Subject) -> set[str]:
    """The result's columns with the group's identifiers."""
    joins = manifest.parameters.get("groups", ())
    return {each["key"].lower() for each in joins if each["group"] == subject.group.name}


def _is(value: str | int | float | None, subject: Subject) -> bool:
    if value is None:
        return False
    group = subject.group
    feature = group.features[group.ordinals[group.record_identifier_name]]
    try:
        text = canonical_identifier(feature, identifier_text(value))
    except ValidationError:  # no identifier of the group, and so not this one
        return False
    return text == subject.slot.identifier
