"""Which columns of which tables a feature is computed of, read from its SQL.

A feature depends directly on the columns of ``of`` or ``latest``. It depends indirectly on those of
its ``where``, on the source's ``where``, and on the event's instant. A column of ``source.sql`` is
followed through its subqueries to the tables. A SELECT of several
tables may not say whose column it means. Then the column is held to be of each of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, build_scope

from larder.pipelines.definition import ComputedFeature, Function, Pipeline, Source
from larder.pipelines.expressions import DIALECT, parse_value
from larder.pipelines.lineage.uses import GROUP_SOURCE, Columns, How, SourceColumn, Use

_AS_IS = frozenset({Function.LAST, Function.LAST_N})


def column_lineage(pipeline: Pipeline) -> Columns:
    """What each feature depends on, the identifier and the event time among them."""
    origins = _Origins(pipeline.source)
    keys = (
        (pipeline.identifier, pipeline.identifier, How.IDENTITY),
        (pipeline.event_time, pipeline.source.time, How.TRANSFORMATION),
    )
    return {
        name: tuple(sorted(Use(each, how) for each in origins.of(column)))
        for name, column, how in keys
    } | {
        each.name: tuple(sorted(set(_uses(pipeline.source, each, origins))))
        for each in pipeline.features
    }


def with_instants(pipeline: Pipeline) -> Pipeline:
    """The pipeline, whose SQL source says which column of a table has the events' instants.

    Only a column that ``source.sql`` selects as it is counts. Of another one late events can't be
    found by what was committed.
    """
    source = pipeline.source
    if source.sql is None:
        return pipeline
    scope = build_scope(sqlglot.parse_one(source.sql, read=DIALECT))
    if scope is None or scope.set_operation_scopes:
        return pipeline
    wanted = source.time.strip('"').lower()
    selected = [each for each in _query(scope).selects if each.alias_or_name.lower() == wanted]
    column = selected[0].unalias() if len(selected) == 1 else None
    tables = {name.lower(): each for name, each in scope.sources.items()}
    if not isinstance(column, exp.Column) or any(isinstance(e, Scope) for e in tables.values()):
        return pipeline
    found = sorted(_resolved(scope, column.table, column.name.lower()))
    timed = tuple((each.table, each.column) for each in found) if len(found) == 1 else ()
    return replace(pipeline, source=replace(source, timed=timed))


def _uses(source: Source, feature: ComputedFeature, origins: _Origins) -> Iterator[Use]:
    value, condition = feature.latest, None
    if feature.aggregate is not None:
        value, condition = feature.aggregate.of, feature.aggregate.where
    how = _how(feature, value)
    yield from _of(value, how, origins)
    yield from _of(condition, How.FILTER, origins)
    yield from _of(source.where, How.FILTER, origins)
    yield from (Use(each, How.WINDOW) for each in origins.of(source.time))


def _how(feature: ComputedFeature, value: str | None) -> How:
    plain = value is not None and parse_value(value).columns == {value.strip('"').lower()}
    if feature.aggregate is not None and feature.aggregate.function not in _AS_IS:
        return How.AGGREGATION
    return How.IDENTITY if plain else How.TRANSFORMATION


def _of(text: str | None, how: How, origins: _Origins) -> Iterator[Use]:
    if text is not None:
        for column in sorted(parse_value(text).columns):
            yield from (Use(each, how) for each in origins.of(column))


class _Origins:
    """Finds the columns of tables that a column of the source is made of."""

    def __init__(self, source: Source) -> None:
        self._table = source.table or source.files
        if source.group is not None:
            self._table = f"{GROUP_SOURCE}{source.group}"
        self._scope = None
        if source.sql is not None:
            self._scope = build_scope(sqlglot.parse_one(source.sql, read=DIALECT))

    def of(self, column: str) -> set[SourceColumn]:
        """The columns of tables behind a column of the source, in lower case."""
        if self._scope is None:
            return {SourceColumn(self._table or "", column.lower())}
        return set(_traced(self._scope, column.lower()))


def _traced(scope: Scope, column: str) -> Iterator[SourceColumn]:
    """What an output of a SELECT is made of; of a UNION, in each of its parts."""
    if scope.set_operation_scopes:
        place = _place(scope.set_operation_scopes[0], column)
        for part in scope.set_operation_scopes:
            names = _names(part)
            same = names[place] if place is not None and place < len(names) else column
            yield from _traced(part, same)
        return
    selected = [each for each in _query(scope).selects if each.alias_or_name.lower() == column]
    for each in selected:
        yield from _expression(scope, each)
    if not selected:  # it comes by a star
        stars = [each for each in _query(scope).selects if each.is_star]
        for table in [each.table for each in stars if isinstance(each, exp.Column)] or [""]:
            yield from _resolved(scope, table, column)


def _expression(scope: Scope, selected: exp.Expr) -> Iterator[SourceColumn]:
    """What a selected expression is made of; a subquery in it counts by its own output."""
    inner: set[int] = set()
    within = {id(each) for each in selected.walk()}
    for sub in scope.subquery_scopes:
        if id(sub.expression) in within:
            inner |= {id(each) for each in sub.expression.walk()}
            for name in _names(sub):
                yield from _traced(sub, name)
    for each in selected.find_all(exp.Column):
        if id(each) not in inner:
            yield from _resolved(scope, each.table, each.name.lower())


def _place(scope: Scope, column: str) -> int | None:
    names = _names(scope)
    return names.index(column) if column in names else None


def _resolved(scope: Scope, table: str, column: str) -> Iterator[SourceColumn]:
    """A column as the SELECT names it: of one of its sources, or of each that may have it."""
    named = {name.lower(): source for name, source in scope.sources.items()}
    sources = [named[table.lower()]] if table.lower() in named else list(named.values())
    if not table:
        inner = [each for each in sources if isinstance(each, Scope)]
        known = [each for each in inner if column in _names(each)]
        others = [e for e in sources if not isinstance(e, Scope) or _query(e).is_star]
        sources = list(known) or others
    for source in sources:
        if isinstance(source, Scope):
            yield from _traced(source, column)
        else:
            yield SourceColumn(f"{source.db}.{source.name}".strip(".").lower(), column)


def _names(scope: Scope) -> list[str]:
    """The outputs of a SELECT, in lower case."""
    return [each.lower() for each in _query(scope).named_selects]


def _query(scope: Scope) -> exp.Query:
    assert isinstance(scope.expression, exp.Query)  # noqa: S101 - of a SELECT that was parsed
    return scope.expression
