"""Progress of a long command: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TextIO

from larder.cli.text import size
from larder.progress import Progress

_EVERY_SECONDS = 10.0


@dataclass(slots=True)
class ProgressBar:
    """A report of progress (``larder.progress.Report``) that shows it on ``out``.

    Where ``out`` is no terminal it prints a line for each new stage and state, and one every ten
    seconds. With ``quiet`` it shows nothing.
    """

    out: TextIO
    quiet: bool = False
    _stage: str = ""
    _state: str = ""
    _printed: float = 0.0
    _bar: Any = None  # tqdm, imported only where there is a terminal

    def __call__(self, progress: Progress) -> None:
        """Show it."""
        if self.quiet:
            return
        new_stage = progress.stage != self._stage
        new_state = new_stage or progress.state != self._state
        if new_stage:
            self.end()
        self._stage, self._state = progress.stage, progress.state
        if self.out.isatty():
            self._draw(progress)
        elif new_state or progress.seconds - self._printed >= _EVERY_SECONDS:
            self._printed = progress.seconds
            try:
                print(line(progress), file=self.out, flush=True)
            except BrokenPipeError:  # no reader is left, which is no reason to stop the work
                self.quiet = True

    def end(self) -> None:
        """Leave the bar as it is, and go on below it."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _draw(self, progress: Progress) -> None:
        # with nothing to count yet (a query runs), words in place of a bar
        form, text = (None, progress.stage) if progress.rows else ("{desc}", line(progress))
        if self._bar is None:
            from tqdm import tqdm  # noqa: PLC0415 - only terminals need it

            self._bar = tqdm(
                desc=text, bar_format=form, unit=" rows", unit_scale=True, file=self.out
            )
        bar = self._bar
        bar.total, bar.bar_format = rows_expected(progress), form
        bar.set_description_str(text, refresh=form is not None)
        bar.update(progress.rows - bar.n)


def rows_expected(progress: Progress) -> int | None:
    """The rows that the stage will have in the end, as far as is known; ``None`` if unknown."""
    if progress.total is not None:
        return progress.total
    return round(progress.rows / progress.fraction) if progress.fraction else None


def line(progress: Progress) -> str:
    """Progress in words: ``ingest: 1,200 of about 10,000 rows, 300 rows/s, 28 s left``."""
    parts = [f"{progress.state or 'begun'}, {progress.seconds:.0f} s"]
    if progress.rows:
        total, rate = rows_expected(progress), progress.rows / max(progress.seconds, 1e-9)
        about = "" if progress.total is not None else "about "
        of = f" of {about}{total:,}" if total else ""
        parts = [f"{progress.rows:,}{of} rows", f"{rate:,.0f} rows/s"]
        if total:
            parts.append(f"{max(0, total - progress.rows) / rate:,.0f} s left")
    if progress.bytes:
        parts.append(size(progress.bytes))
    return f"{progress.stage}: {', '.join(parts)}"
