"""Train-serve skew: vectors that were served, and the same computed from the history.

A sample of exposures is joined as of the moment of its answer, with what had been written by then.
That is what training would have seen. Exposures name the unit and no other record. So the inputs of
groups whose key is the unit's field are compared; the others are named as not compared.
"""

# ruff: noqa: S608 - names and values are quoted by larder.as_of.text
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson

from larder.as_of.athena import Labels, as_of_query
from larder.as_of.join import Join
from larder.as_of.oracle import Cut, nanos_of, seconds_not_after
from larder.as_of.text import double, literal, sortable, value_literal
from larder.errors import ValidationError
from larder.groups.feature_group import FeatureType
from larder.models.plan import Place, Source, plan_of
from larder.models.report_experiment import QueryRows, Row
from larder.models.scores import Status
from larder.models.served import ServedModel
from larder.monitoring.run import Watched, exposed
from larder.monitoring.statistics_sql import listed
from larder.monitoring.window import Window
from larder.offline.feature_table import FeatureTable
from larder.offline.queries import TableVersions
from larder.pipelines.consistency.compare import Pair, compare
from larder.pipelines.consistency.report import Cell, FeatureComparison

MOST_SAMPLE = 1_000
"""Exposures in one comparison: their keys and instants are part of the statement."""
_ASKED = "larder_asked"
_COLUMNS = "exposure_id, unit, answered_at, inputs, statuses"
_NOT_STORED = frozenset({Status.OVERRIDDEN, Status.STALE})
"""Statuses of inputs whose value does not come from the newest record."""
_MILLISECOND = 1_000_000
"""``answered_at`` is rounded to it; in nanoseconds."""


@dataclass(frozen=True, slots=True)
class Served:
    """A vector that was served: its unit, when (nanoseconds since the epoch), and its columns.

    ``None`` is a column without a value. ``statuses`` has the inputs that were not plainly OK.
    """

    key: str
    unit: str
    at: int
    inputs: Sequence[float | None]
    statuses: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SkewReport:
    """The comparison of one variant.

    ``features`` have the served value as the left side. ``uncompared`` says why an input is not
    among them.
    """

    variant: str
    sampled: int
    features: tuple[FeatureComparison, ...]
    uncompared: Mapping[str, str]

    @property
    def different_share(self) -> float:
        """The share of cells that differ; 0 where none was compared."""
        cells = sum(each.compared for each in self.features)
        return sum(each.different for each in self.features) / cells if cells else 0.0


class _Given(Labels):
    """Labels that the statement itself has."""

    @property
    def source(self) -> str:
        return _ASKED


@dataclass(frozen=True, slots=True)
class SkewCheck:
    """Compares served vectors with the history of their groups."""

    queries: QueryRows
    database: str
    tables: Callable[[str], FeatureTable]
    versions: TableVersions

    def run(
        self, endpoint: str, watched: Watched, window: Window, sample: int, salt: str
    ) -> SkewReport:
        """The comparison of at most ``sample`` exposures, chosen by ``salt``.

        Raises:
            ValidationError: a group has no history.
            QueryFailed: Athena gave no answer.
        """
        size = min(sample, MOST_SAMPLE)
        relation = exposed(self.database, endpoint, watched, window, f"{_COLUMNS}, unit_source")
        rows = self.queries.rows(_sampled(relation, size, salt))
        served = [_served(row) for row in rows]
        compared: list[FeatureComparison] = []
        sources, uncompared = _sources(watched.model)
        for source in sources if served else ():
            compared.extend(self._source(source, served))
        return SkewReport(watched.variant, len(served), tuple(compared), uncompared)

    def _source(self, source: Source, served: Sequence[Served]) -> Sequence[FeatureComparison]:
        found = self._recomputed(source, served)
        compared: list[FeatureComparison] = []
        for place in source.places:
            name = place.input.name
            pairs = [
                Pair(one.key, {name: _served_cell(place, one)}, {name: found[row][name]})
                for row, one in enumerate(served)
                if _is_stored(place, one)
            ]
            compared.extend(compare(pairs, [name], inexact=[name]))
        return compared

    def _recomputed(self, source: Source, served: Sequence[Served]) -> dict[int, dict[str, Cell]]:
        table = self.tables(source.group)
        join = _join(source, table, self.versions, served)
        query = as_of_query(_Given(table.database, _ASKED, ()), [join])
        asked = _asked(join, served)
        rows = self.queries.rows(f"WITH {asked},\n{query.removeprefix('WITH ')}")
        return {
            int(row[0] or 0): {
                place.input.name: _stored_cell(place, cell)
                for place, cell in zip(source.places, row[1:], strict=True)
            }
            for row in rows
        }


def _sources(model: ServedModel) -> tuple[list[Source], dict[str, str]]:
    """Sources whose record is the unit's, and why each other input is not compared."""
    if model.features is None:
        return [], {"all": "the model has no feature specification"}
    plan, unit = plan_of(model.features), model.features.unit
    told = {each.input.name: "the request gives it" for each in plan.request}
    for each in plan.sources:
        if each.key != unit:
            told |= dict.fromkeys(each.names, f"exposures do not name the record of {each.key}")
    return [each for each in plan.sources if each.key == unit], told


def _sampled(relation: str, size: int, salt: str) -> str:
    """A query of some exposures, of which the instance itself named the unit."""
    return (
        f"SELECT {_COLUMNS} FROM ({relation}) AS exposed "
        "WHERE unit IS NOT NULL AND unit_source = 'instance' "
        f"ORDER BY MD5(TO_UTF8({literal(salt)} || exposure_id)), exposure_id LIMIT {size:d}"
    )


def _served(row: Row) -> Served:
    key, unit, at, inputs, statuses = row
    return Served(
        key=key or "",
        unit=unit or "",
        at=nanos_of(at or "") + _MILLISECOND,
        inputs=listed(inputs),
        statuses=orjson.loads(statuses) if statuses else {},
    )


def _is_stored(place: Place, served: Served) -> bool:
    return served.statuses.get(place.input.name) not in _NOT_STORED


def _served_cell(place: Place, served: Served) -> Cell:
    """What was served; a value that a policy put there does not count."""
    if served.statuses.get(place.input.name) in (Status.DEFAULTED, Status.MISSING):
        return None
    columns = served.inputs[place.offset : place.offset + place.input.size]
    if place.input.size == 1:
        return columns[0] if columns else None
    return [each for each in columns if each is not None]


def _stored_cell(place: Place, cell: str | None) -> Cell:
    """A cell of the history as the model would be given it."""
    given = place.input
    if cell is None:
        return None
    if given.size > 1:
        return [each for each in listed(cell) if each is not None]
    if given.type == FeatureType.STRING:
        return float(given.categories.index(cell)) if cell in given.categories else None
    return float(cell)


def _join(
    source: Source, table: FeatureTable, versions: TableVersions, served: Sequence[Served]
) -> Join:
    instants = [each.at for each in served]
    names = {each.input.name: each.input.feature for each in source.places}
    features = {output: table.feature(feature) for output, feature in names.items()}
    if lost := [output for output, feature in features.items() if feature is None]:
        raise ValidationError(
            f"Feature group {source.group} has lost the features of {', '.join(lost)[:300]}: the "
            "model was made with them. Add them again, or make a new model."
        )
    return Join(
        number=0,
        table=table,
        version=versions.current(table),
        features=tuple((found, output) for output, found in features.items() if found),
        cut=Cut(as_known_then=True),
        first=min(instants),
        last=max(instants),
    )


def _asked(join: Join, served: Sequence[Served]) -> str:
    rows = ", ".join(
        f"({', '.join(_cells(join, place, each))})" for place, each in enumerate(served)
    )
    names = ["larder_row", "larder_at", join.key, *([] if join.is_text else ["larder_seconds"])]
    return f"{_ASKED} AS (SELECT * FROM (VALUES {rows}) AS asked({', '.join(names)}))"


def _cells(join: Join, place: int, served: Served) -> Iterator[str]:
    yield f"CAST({place:d} AS BIGINT)"
    yield literal(sortable(served.at))
    match join.table.record_identifier.type:
        case FeatureType.STRING:
            yield literal(served.unit)
        case FeatureType.INTEGRAL:
            yield value_literal(int(served.unit))
        case FeatureType.FRACTIONAL:
            yield value_literal(float(served.unit))
    if not join.is_text:
        yield double(seconds_not_after(served.at))
