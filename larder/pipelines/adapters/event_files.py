"""Events of files on this machine, as a table whose instants are as the definition says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from larder.errors import ValidationError
from larder.event_time import EventTimeType, parse_event_time
from larder.groups.feature_group import FeatureType
from larder.pipelines.definition import Pipeline, TimeUnit
from larder.tabular.addresses import OpenRemote
from larder.tabular.batches import Batch
from larder.tabular.files import Opening
from larder.tabular.reading import Reading
from larder.tabular.sources import open_source

Arrow = Any  # pyarrow is untyped
_INSTANT = pa.timestamp("us")
_NUMBERS = (TimeUnit.SECONDS, TimeUnit.MILLISECONDS, TimeUnit.MICROSECONDS)


def read_events(address: str, pipeline: Pipeline, remote: OpenRemote, reading: Reading) -> Arrow:
    """The rows of the files at an address; the identifier and the time stay as they are written.

    Raises:
        ValidationError: there is no file, or a row can't be read; it is named by file and row.
    """
    texts = [pipeline.source.time]
    if pipeline.identifier_type is FeatureType.STRING:
        texts.append(pipeline.identifier)
    source = open_source(address, remote, Opening(reading, texts))
    batches = [_sound(batch, pipeline) for batch in source.batches()]
    if not batches:
        return source.schema.empty_table()
    return pa.Table.from_batches(batches)


def _sound(batch: Batch, pipeline: Pipeline) -> Arrow:
    for unread in batch.unread:
        raise ValidationError(
            f"row {unread.row + 1} of {batch.file}: {unread.reason}: {unread.cure}"
        )
    names = {name.lower(): place for place, name in enumerate(batch.rows.schema.names)}
    place = names.get(pipeline.source.time.lower())
    if place is None:
        return batch.rows
    column = batch.rows.column(place)
    instants = _instants(column, pipeline.source.unit, batch, pipeline.source.time)
    return batch.rows.set_column(place, batch.rows.schema.names[place], instants)


def _instants(column: Arrow, unit: TimeUnit, batch: Batch, name: str) -> Arrow:
    """A column of instants in the type that the unit means."""
    if pa.types.is_string(column.type):
        convert, kind = _FROM_TEXT.get(unit, (_number, None))
        return pa.array(_converted(column, convert, batch, name), kind)
    is_time = pa.types.is_timestamp(column.type)
    if is_time != (unit is TimeUnit.TIMESTAMP):
        wanted = TimeUnit.TIMESTAMP if is_time else " or ".join(_NUMBERS)
        raise ValidationError(
            f"{batch.file}: column {name} is {column.type}, and source.unit is {unit}: write "
            f"source.unit: {wanted}"
        )
    return column.cast(_INSTANT) if is_time else column


def _converted(column: Arrow, convert: Convert, batch: Batch, name: str) -> Iterator[object]:
    for row, text in zip(batch.numbers(), column.to_pylist(), strict=True):
        try:
            yield None if text is None else convert(text)
        except (ValueError, ValidationError) as error:
            where = f"row {row + 1} of {batch.file}, column {name}"
            raise ValidationError(f"{where}: {error}") from None


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _checked(text: str) -> str:
    parse_event_time(text, EventTimeType.STRING)
    return text


def _moment(text: str) -> datetime:
    """An instant without its zone, which is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValidationError(
            f"{text[:60]!r} is not a time: write ISO-8601 with a zone, as 2025-01-31T12:00:00Z"
        ) from None
    if moment.tzinfo is None:
        raise ValidationError(
            f"{text[:60]!r} is a local time, which names no instant: write its zone, as "
            f"{text[:40].strip()}Z for UTC"
        )
    return moment.astimezone(UTC).replace(tzinfo=None)


Convert = Callable[[str], object]
_FROM_TEXT: dict[TimeUnit, tuple[Convert, Arrow]] = {
    TimeUnit.TIMESTAMP: (_moment, _INSTANT),
    TimeUnit.ISO8601: (_checked, pa.string()),
}
