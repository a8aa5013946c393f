"""Snapshots that take data files out of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pyiceberg.manifest import ManifestFile
from pyiceberg.table.update.snapshot import UpdateSnapshot, _OverwriteFiles


@contextmanager
def overwriting(update: UpdateSnapshot) -> Iterator[_OverwriteFiles]:
    """A snapshot that takes files out and puts others in, made when the block ends.

    pyiceberg 0.12 looks for the files in many manifests at once. Its one evaluator keeps the
    manifest that it looks at, so a thread may judge another thread's. A file that is there is then
    not found: "Missing required files to delete". Here each look has its own evaluator.

    Raises as pyiceberg's own, when the block ends.
    """
    with update.overwrite() as commit:
        build = commit._build_manifest_evaluator

        def apart(spec_id: int) -> Callable[[ManifestFile], bool]:
            def look(manifest: ManifestFile) -> bool:
                return build(spec_id)(manifest)

            return look

        commit._build_manifest_evaluator = apart  # type: ignore[method-assign]
        yield commit
