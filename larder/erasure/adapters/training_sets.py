"""Training sets whose results or labels hold an identifier: named, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

from larder.aws.s3_objects import MANIFEST, Objects, training_sets_at
from larder.erasure.adapters.values import is_identifier
from larder.erasure.erase import Subject, Trace
from larder.errors import NewerFormat, ValidationError
from larder.records.feature_values import Scalar
from larder.training_sets.manifest import Manifest
from larder.training_sets.ports import StoredFile


@dataclass(frozen=True, slots=True)
class TrainingSetSearch:
    """Implements ``larder.erasure.erase.Place`` by looking only: at results and at labels."""

    objects: Objects
    bucket: str

    def erase(self, subjects: Sequence[Subject], *, dry_run: bool) -> Sequence[Trace]:  # noqa: ARG002
        """See ``Place.erase``; nothing is removed, so ``dry_run`` makes no difference."""
        traces, searched, unfinished = list[Trace](), 0, list[str]()
        unread = list[str]()
        root = training_sets_at(self.bucket)
        for name in self.objects.folders(root):
            document = self.objects.read(f"{root}{name}/{MANIFEST}")
            if document is None:
                unfinished.append(name)
                continue
            try:
                manifest = Manifest.from_json(document)
            except (NewerFormat, ValidationError) as error:
                unread.append(f"{name} ({error})")
                continue
            searched += 1
            traces += self._set(manifest, subjects)
        unsearched = f"sets that can't be read: {', '.join(unread)}" if unread else None
        if unfinished:
            told = f"sets without a manifest, in the making or failed: {', '.join(unfinished)}"
            unsearched = f"{unsearched}; {told}" if unsearched else told
        found = sum(trace.count for trace in traces)
        what = f"rows in {searched} training sets"
        whole = Trace(root, what, found, stays=True, unsearched=unsearched)
        return [*traces, whole]

    def _set(self, manifest: Manifest, subjects: Sequence[Subject]) -> Iterator[Trace]:
        of_group = [each for each in subjects if each.group.name in _groups(manifest)]
        for what, files, columns in (
            ("rows", manifest.files, _result_keys(manifest, of_group)),
            ("label rows", manifest.labels.files, _label_keys(manifest, of_group)),
        ):
            count = self._rows(files, columns, of_group)
            if count:
                left = f"its owner decides; it is at {manifest.location}"
                yield Trace(f"training set {manifest.name}", what, count, left, stays=True)

    def _rows(
        self, files: Iterable[StoredFile], columns: set[str], subjects: Sequence[Subject]
    ) -> int:
        """Rows that hold one of the identifiers in one of the columns."""
        rows = 0
        with TemporaryDirectory(prefix="larder-") as folder:
            path = Path(folder) / "part.parquet"
            for file in files if columns else ():
                self.objects.fetch(file.address, path)
                named = columns & set(pq.read_schema(path).names)  # others are folders' names
                table = pq.read_table(path, columns=sorted(named))
                values = zip(*(each.to_pylist() for each in table.columns), strict=True)
                rows += sum(any(_is(each, subjects) for each in row) for row in values)
        return rows


def _groups(manifest: Manifest) -> set[str]:
    return {each["group"] for each in manifest.parameters.get("groups", ())}


def _keys(manifest: Manifest, subjects: Sequence[Subject]) -> Iterator[tuple[int, str]]:
    """Number and key column of each join with the group."""
    names = {each.group.name for each in subjects}
    for number, each in enumerate(manifest.parameters.get("groups", ())):
        if each["group"] in names:
            yield number, each["key"]


def _result_keys(manifest: Manifest, subjects: Sequence[Subject]) -> set[str]:
    return {key.lower() for _, key in _keys(manifest, subjects)}


def _label_keys(manifest: Manifest, subjects: Sequence[Subject]) -> set[str]:
    return {f"larder_key_{number}" for number, _ in _keys(manifest, subjects)}


def _is(value: Scalar | None, subjects: Sequence[Subject]) -> bool:
    return value is not None and any(is_identifier(value, each) for each in subjects)
