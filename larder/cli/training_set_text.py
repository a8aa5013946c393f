"""Training sets on the command line: options read, progress and manifests shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TextIO

from larder.errors import ValidationError
from larder.progress import Progress
from larder.training_sets.engines import ATHENA
from larder.training_sets.manifest import Manifest
from larder.training_sets.spec import GroupFeatures

_DURATION = re.compile(r"(\d{1,9})([smhdw])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DOLLARS_PER_BYTE = 5.0 / 10**12
_LEAST_BYTES = 10_000_000
_LIST_PRICE = "at Athena's list price of $5 per TB, 10 MB a query at least"


def duration(text: str) -> timedelta:
    """A duration such as ``90s``, ``15m``, ``24h``, ``7d`` or ``2w``.

    Raises:
        ValidationError: it is none.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValidationError(f"{text[:50]!r} is no duration: write for example 90s, 24h, 7d or 2w")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


def pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    """Options of the form ``GROUP=VALUE``.

    Raises:
        ValidationError: one has another form, or a group occurs twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        group, sign, value = text.partition("=")
        if not (group and sign and value):
            raise ValidationError(f"{option} takes GROUP=VALUE, not {text[:100]!r}")
        if group in found:
            raise ValidationError(f"{option} is given twice for {group}")
        found[group] = value
    return found


def group_features(
    asked: Iterable[str],
    *,
    keys: Mapping[str, str],
    look_backs: Mapping[str, str],
    prefixes: Mapping[str, str],
) -> tuple[GroupFeatures, ...]:
    """Options of the form ``GROUP`` or ``GROUP:feature,feature=name``, those of a group together.

    Raises:
        ValidationError: an option has another form, or another option names a group not asked for.
    """
    features = _by_group(asked)
    stray = sorted((keys.keys() | look_backs.keys() | prefixes.keys()) - features.keys())
    if stray:
        raise ValidationError(f"no --features are asked of {', '.join(stray)}")
    return tuple(
        GroupFeatures(
            group=group,
            features=None if named is None else list(named),
            key=keys.get(group),
            look_back=duration(look_backs[group]) if group in look_backs else None,
            prefix=prefixes.get(group, ""),
            rename={feature: output for feature, output in (named or {}).items() if output},
        )
        for group, named in features.items()
    )


def _by_group(asked: Iterable[str]) -> dict[str, dict[str, str] | None]:
    """Features with their output names, if any, by group; ``None`` stands for all."""
    features: dict[str, dict[str, str] | None] = {}
    for text in asked:
        group, colon, listed = text.partition(":")
        named = features.setdefault(group, {} if colon else None)
        if (named is None) == bool(colon):
            raise ValidationError(f"--features asks both for all and for some of {group}")
        if named is not None:
            named.update(item.strip().partition("=")[::2] for item in listed.split(","))
    return features


@dataclass(slots=True)
class ProgressLine:
    """Shows progress: one line that changes on a terminal, a line per stage and state elsewhere."""

    out: TextIO
    quiet: bool = False
    shown: tuple[str, str] | None = None
    width: int = 0

    def __call__(self, progress: Progress) -> None:
        """Show it."""
        if self.quiet:
            return
        text = _line(progress)
        current = (progress.stage, progress.state)
        if self.out.isatty():
            end = "\n" if self.shown and self.shown[0] != progress.stage else ""
            print(f"{end}\r{text.ljust(self.width)}", end="", file=self.out, flush=True)
            self.width = len(text)
        elif self.shown != current:
            print(text, file=self.out, flush=True)
        self.shown = current

    def end(self) -> None:
        """Leave the line."""
        if self.shown and self.out.isatty():
            print(file=self.out, flush=True)


def size(count: int) -> str:
    """Bytes for people."""
    value, units = float(count), iter(("B", "kB", "MB", "GB"))
    for unit in units:
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def cost(bytes_scanned: int, engine: str = ATHENA) -> str:
    """What a query scanned and costs."""
    if engine != ATHENA:
        return f"{size(bytes_scanned)} read on this machine, by {engine}; no query is charged"
    dollars = max(bytes_scanned, _LEAST_BYTES) * _DOLLARS_PER_BYTE
    return f"{size(bytes_scanned)} scanned, about ${dollars:.5f} ({_LIST_PRICE})"


def description(manifest: Manifest) -> Iterator[str]:
    """A training set in lines."""
    yield f"{manifest.name}: {manifest.rows} rows, made {manifest.created_at}"
    yield f"  at      {manifest.location} ({len(manifest.files)} files)"
    yield f"  labels  {manifest.labels.location}, event time {manifest.parameters['event_time']}"
    for table in manifest.tables:
        state = "empty" if table.empty else f"snapshot {table.snapshot_id or 'none'}"
        yield f"  from    {table.group} ({table.database}.{table.table}, {state})"
    for column in manifest.columns:
        yield f"    {column.name:32} {column.type:24} {column.source}"
    yield f"  content {manifest.content_hash}"
    charge = cost(manifest.bytes_scanned, manifest.engine)
    yield f"  query   {manifest.query_execution_id}, {charge}"


def _line(progress: Progress) -> str:
    parts = [f"{progress.stage:7}{progress.state}".rstrip(), f"{progress.seconds:.1f} s"]
    if progress.rows:
        parts.append(f"{progress.rows} rows")
        if progress.seconds >= 0.1:
            parts.append(f"{progress.rows / progress.seconds:,.0f} rows/s")
    if progress.bytes:
        of = f" of {size(progress.total)}" if progress.total is not None else ""
        verb = " scanned" if progress.stage == "query" else ""
        parts.append(f"{size(progress.bytes)}{of}{verb}")
    return ", ".join(parts)
