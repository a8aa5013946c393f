"""Progress of many rows: a bar on a terminal, a line every ten seconds elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TextIO

from larder.progress import Progress

_EVERY_SECONDS = 10.0


@dataclass(slots=True)
class RowsLine:
    """Shows progress with its rate and how long the stage will still take, where that is known."""

    out: TextIO
    quiet: bool = False
    _stage: str = ""
    _shown: float = 0.0
    _bar: Any = None

    def __call__(self, progress: Progress) -> None:
        """Show it."""
        if self.quiet:
            return
        if progress.stage != self._stage:
            self.end()
            self._stage, self._shown = progress.stage, 0.0
        if self.out.isatty():
            self._move(progress)
        elif progress.seconds - self._shown >= _EVERY_SECONDS:
            self._shown = progress.seconds
            print(line(progress), file=self.out, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _move(self, progress: Progress) -> None:
        if self._bar is None:
            from tqdm import tqdm  # noqa: PLC0415 - only terminals need it

            self._bar = tqdm(desc=progress.stage, unit=" rows", unit_scale=True, file=self.out)
        self._bar.total = whole(progress)
        self._bar.update(progress.rows - self._bar.n)


def whole(progress: Progress) -> int | None:
    """The rows there will be, as far as can be told by now."""
    if progress.total is not None:
        return progress.total
    return round(progress.rows / progress.fraction) if progress.fraction else None


def line(progress: Progress) -> str:
    """Progress in words: ``ingest: 1,200 of about 10,000 rows, 300 rows/s, 28 s left``."""
    if not progress.rows:
        return f"{progress.stage}: {progress.state or 'begun'}, {progress.seconds:.0f} s"
    total, rate = whole(progress), progress.rows / max(progress.seconds, 1e-9)
    about = "" if progress.total is not None else "about "
    of = f" of {about}{total:,}" if total else ""
    left = f", {max(0, total - progress.rows) / rate:,.0f} s left" if total and rate else ""
    return f"{progress.stage}: {progress.rows:,}{of} rows, {rate:,.0f} rows/s{left}"
