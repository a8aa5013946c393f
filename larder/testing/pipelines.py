"""The work of pipelines in a process's own memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from threading import Lock

from larder.pipelines.work import Progress, Work


class MemoryWorkItems:
    """Implements ``larder.pipelines.work.WorkItems`` in two dictionaries."""

    def __init__(self) -> None:
        self._work: dict[tuple[str, int, int], Work] = {}
        self._progress: dict[str, Progress] = {}
        self._lock = Lock()

    def get(self, pipeline: str, revision: int, after: int) -> Work | None:
        return self._work.get((pipeline, revision, after))

    def put(self, work: Work) -> bool:
        key = (work.pipeline, work.revision, work.interval.after)
        with self._lock:
            stored = self._work.get(key)
            if (stored.version if stored else 0) != work.version:
                return False
            self._work[key] = replace(work, version=work.version + 1)
            return True

    def list(self, pipeline: str, revision: int) -> Iterator[Work]:
        keys = sorted(key for key in self._work if key[:2] == (pipeline, revision))
        return (self._work[key] for key in keys)

    def progress(self, pipeline: str) -> Progress | None:
        return self._progress.get(pipeline)

    def put_progress(self, progress: Progress) -> bool:
        with self._lock:
            stored = self._progress.get(progress.pipeline)
            if (stored.version if stored else 0) != progress.version:
                return False
            self._progress[progress.pipeline] = replace(progress, version=progress.version + 1)
            return True
