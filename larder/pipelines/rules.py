"""What a pipeline may be. Problems are named by the members of its definition file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from larder.groups.feature_group import CollectionType, FeatureType
from larder.pipelines.definition import (
    LEAST_HOP,
    LEAST_WINDOW,
    MOST_HOP,
    MOST_HOPS,
    MOST_WINDOW,
    ORDERED,
    Aggregate,
    ComputedFeature,
    Engine,
    FileFormat,
    Function,
    Pipeline,
    Source,
    TimeUnit,
)
from larder.pipelines.durations import DAY, HOUR, MINUTE, text_of
from larder.pipelines.expressions import parse_select, parse_value
from larder.problems import Path, Problem, shown

_INTEGRAL, _FRACTIONAL = FeatureType.INTEGRAL, FeatureType.FRACTIONAL
_TYPES = {
    Function.COUNT: (_INTEGRAL,),
    Function.DISTINCT: (_INTEGRAL,),
    Function.AVG: (_FRACTIONAL,),
    Function.RATE: (_FRACTIONAL,),
    Function.STDDEV: (_FRACTIONAL,),
    Function.SUM: (_INTEGRAL, _FRACTIONAL),
}
_USUAL_HOPS = [
    *(minutes * MINUTE for minutes in (5, 10, 15, 20, 30)),
    *(hours * HOUR for hours in (1, 2, 3, 4, 6, 8, 12)),
]
TEXT_TYPES = ("string", "boolean", "bigint", "double")
"""Types that CSV and JSON have; of other ones engines read texts differently."""
HIVE_TYPES = (*TEXT_TYPES, "int", "float", "date", "timestamp")
"""Types that columns of Parquet may have."""
_FOLDER = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/([\w!.'()=-]+/)+", re.ASCII)
_SOURCE: Path = ("pipeline", "source")
_OF_GROUPS = (TimeUnit.ISO8601, TimeUnit.SECONDS)


def pipeline_problems(pipeline: Pipeline) -> Iterator[Problem]:
    """Everything that is wrong with a pipeline whose expressions were parsed."""
    yield from _of_source(pipeline)
    yield from _of_tables(pipeline)
    yield from _of_files(pipeline.source)
    yield from _of_times(pipeline)
    if not pipeline.features:
        text = "Member must have a feature with `aggregate` or `latest`, since there is a pipeline"
        yield Problem(("features",), text)
    for feature in pipeline.features:
        yield from _of_feature(pipeline, feature)
    if pipeline.source.columns is not None:
        yield from unknown_columns(pipeline, pipeline.source.columns)


def platform_problems(pipeline: Pipeline) -> Iterator[Problem]:
    """What this release's runs do not compute, though the definition is right."""
    source = pipeline.source
    kind = "group" if source.group is not None else "files"
    if pipeline.engine is Engine.SPARK and (source.group or source.files):
        text = f"Member must be auto or athena with source.{kind}: Spark reads tables of Iceberg"
        yield Problem(("pipeline", "engine"), text, shown(str(pipeline.engine)))


def pipeline_warnings(pipeline: Pipeline) -> Iterator[str]:
    """What is allowed and rarely meant."""
    look = pipeline.schedule.every
    if look is not None and pipeline.available_after < look + pipeline.late.wait:
        yield (
            f"pipeline.available_after is {text_of(pipeline.available_after)}, but a row may come "
            f"{text_of(look + pipeline.late.wait)} after its time and the run's own: it is looked "
            f"for every {text_of(look)}, and waits {text_of(pipeline.late.wait)}. Training would "
            "see values that serving had not yet: raise available_after, or look more often"
        )


def unknown_columns(pipeline: Pipeline, columns: frozenset[str]) -> Iterator[Problem]:
    """What a definition reads that its source lacks; ``columns`` are in lower case."""
    source = pipeline.source
    named: list[tuple[Path, str]] = [
        (("record_identifier",), pipeline.identifier),
        ((*_SOURCE, "time"), source.time),
        *(((*_SOURCE, "order", n), column) for n, column in enumerate(source.order)),
        *([((*_SOURCE, "version"), source.version)] if source.version else []),
    ]
    for path, text in _expressions(pipeline):
        named += [(path, column) for column in sorted(parse_value(text).columns)]
    known = ", ".join(sorted(columns))[:300]
    for path, column in named:
        if column.lower() not in columns:
            text = f"Member must name columns of the source, which has [{known}]"
            yield Problem(path, text, shown(column))


def _expressions(pipeline: Pipeline) -> Iterator[tuple[Path, str]]:
    if pipeline.source.where:
        yield (*_SOURCE, "where"), pipeline.source.where
    for feature in pipeline.features:
        path: Path = ("features", feature.place)
        if feature.latest:
            yield (*path, "latest"), feature.latest
        if feature.aggregate:
            for member in ("of", "where"):
                text = getattr(feature.aggregate, member)
                if text:
                    yield (*path, "aggregate", member), text


def _of_source(pipeline: Pipeline) -> Iterator[Problem]:
    source = pipeline.source
    kinds = {name: getattr(source, name) for name in ("table", "group", "files", "sql")}
    given = [name for name, value in kinds.items() if value is not None]
    if len(given) != 1:
        text = "Member must have exactly one of [table, group, files, sql]"
        yield Problem(_SOURCE, text, f"of {', '.join(given) or 'no source'}")
    if source.group == pipeline.group:
        yield Problem((*_SOURCE, "group"), "Member must be another group", shown(source.group))
    named = [source.time, *source.order, *([source.version] if source.version else [])]
    for column in {each for each in named if named.count(each) > 1}:
        text = "Member must name a column once among time, order and version"
        yield Problem((*_SOURCE, "order"), text, shown(column))
    if source.group is not None and source.version is not None:
        text = "Member must be left out with a group: of copies its newest write counts"
        yield Problem((*_SOURCE, "version"), text, shown(source.version))
    if source.group is not None and source.unit not in _OF_GROUPS:
        text = "Member must be iso8601 or seconds with a group, as its event times are"
        yield Problem((*_SOURCE, "unit"), text, shown(str(source.unit)))


def _of_tables(pipeline: Pipeline) -> Iterator[Problem]:
    source = pipeline.source
    if source.sql is None:
        if source.tables:
            yield Problem((*_SOURCE, "tables"), "Member must be left out without source.sql")
        return
    read = parse_select(source.sql).tables
    for table in sorted(read.symmetric_difference(source.tables)):
        text = (
            "Member must list every table that source.sql reads, as database.table"
            if table in read
            else "Member must list only tables that source.sql reads"
        )
        yield Problem(
            (*_SOURCE, "tables"), text, f"{'without' if table in read else 'with'} {table}"
        )


def _of_files(source: Source) -> Iterator[Problem]:
    if source.files is None or source.format is None:
        return
    path: Path = (*_SOURCE, "files")
    if _FOLDER.fullmatch(source.files) is None:
        text = (
            "Member must be a folder below a bucket, as s3://bucket/folder/, of letters, digits "
            "and any of ! - _ . ' ( ) ="
        )
        yield Problem((*path, "s3"), text, shown(source.files))
    known = HIVE_TYPES if source.format is FileFormat.PARQUET else TEXT_TYPES
    for column, kind in source.typed:
        if kind not in known:
            cure = (
                "; write string, and for the events' instants a unit" if kind in HIVE_TYPES else ""
            )
            text = f"Member must be one of [{', '.join(known)}] in {source.format}{cure}"
            yield Problem((*path, "columns", column), text, shown(kind))


def _of_times(pipeline: Pipeline) -> Iterator[Problem]:
    hop, late, schedule = pipeline.hop, pipeline.late, pipeline.schedule
    if hop and not (LEAST_HOP <= hop <= MOST_HOP and DAY % hop == 0):
        text = f"Member must divide a day and be from {text_of(LEAST_HOP)} to {text_of(MOST_HOP)}"
        yield Problem(("pipeline", "emit", "every"), text, shown(text_of(hop)))
    if late.accept < late.wait:
        text = f"Member must be at least late.wait, which is {text_of(late.wait)}"
        yield Problem(("pipeline", "late", "accept"), text, shown(text_of(late.accept)))
    if schedule.every is not None and not MINUTE <= schedule.every <= DAY:
        path = ("pipeline", "schedule", "every")
        yield Problem(path, "Member must be from 1m to 1d", shown(text_of(schedule.every)))


def _of_feature(pipeline: Pipeline, feature: ComputedFeature) -> Iterator[Problem]:
    path: Path = ("features", feature.place)
    aggregate = feature.aggregate
    is_ordered = feature.latest is not None or (
        aggregate is not None and aggregate.function in ORDERED
    )
    if is_ordered and not pipeline.source.order:
        what = "latest" if aggregate is None else aggregate.function.value
        text = (
            f"Member must name columns that are unique with identifier and time: {what} of "
            f"{feature.name} is otherwise unknown where two events tie"
        )
        yield Problem((*_SOURCE, "order"), text, "null")
    if aggregate is None:
        if feature.collection is not None:
            text = "Member must be left out with `latest`"
            yield Problem((*path, "collection"), text, shown(feature.collection))
        return
    yield from _of_type(feature, aggregate, path)
    yield from _of_window(pipeline, aggregate, (*path, "aggregate"))


def _of_type(feature: ComputedFeature, aggregate: Aggregate, path: Path) -> Iterator[Problem]:
    function = aggregate.function
    allowed = _TYPES.get(function, tuple(FeatureType))
    if feature.type not in allowed:
        text = f"Member must be {' or '.join(allowed)} for {function}"
        yield Problem((*path, "type"), text, shown(feature.type))
    wanted = CollectionType.LIST if function is Function.LAST_N else None
    if feature.collection is not wanted:
        text = (
            "Member must be List for last_n" if wanted else f"Member must be left out: {function}"
        )
        given = shown(feature.collection) if feature.collection else "null"
        yield Problem((*path, "collection"), text, given)
    if aggregate.of is None and function is not Function.COUNT:
        text = f"Member must say what of an event {function} takes"
        yield Problem((*path, "aggregate", "of"), text, "null")
    if function is Function.SUM and feature.type is _INTEGRAL and aggregate.scale:
        text = "Member must be 0 for a sum of type Integral"
        yield Problem((*path, "aggregate", "scale"), text, shown(aggregate.scale))


def _of_window(pipeline: Pipeline, aggregate: Aggregate, path: Path) -> Iterator[Problem]:
    window, hop = aggregate.window, pipeline.hop
    value = shown(text_of(window))
    if not LEAST_WINDOW <= window <= MOST_WINDOW:
        text = f"Member must be from {text_of(LEAST_WINDOW)} to {text_of(MOST_WINDOW)}"
        yield Problem((*path, "window"), text, value)
    elif hop and window % hop:
        text = f"Member must be a multiple of emit.every, which is {text_of(hop)}"
        yield Problem((*path, "window"), text, value)
    elif hop and aggregate.function in (Function.MIN, Function.MAX) and window > MOST_HOPS * hop:
        text = (
            f"Member must have at most {MOST_HOPS:,} hops for {aggregate.function}, not "
            f"{window // hop:,}: write emit: {{every: {text_of(_coarser(window))}}}, or a shorter "
            "window"
        )
        yield Problem((*path, "window"), text, value)


def _coarser(window: int) -> int:
    """The smallest hop of which a window has few enough."""
    fitting = (hop for hop in _USUAL_HOPS if window % hop == 0 and window <= MOST_HOPS * hop)
    return next(fitting, MOST_HOP)
