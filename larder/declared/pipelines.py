"""A definition file's ``pipeline``: from members of its shape to what a pipeline is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path as FilePath
from typing import Any

from larder.declared.expectations import ExpectationReader
from larder.declared.texts import TextReader
from larder.groups.feature_group import CollectionType, FeatureType
from larder.pipelines.checks.expectation import Expectation
from larder.pipelines.definition import (
    ORDERED,
    SCALED,
    Aggregate,
    ComputedFeature,
    Consistency,
    Engine,
    FileFormat,
    Function,
    Late,
    Pipeline,
    Schedule,
    Source,
    TimeUnit,
)
from larder.pipelines.durations import HOUR, MINUTE
from larder.pipelines.expressions import RefusedSql, parse_select, parse_value
from larder.problems import Path, Problem, shown

Members = Mapping[str, Any]
_FRACTION_DIGITS = 6
_LEAST_LOOK = 5 * MINUTE


@dataclass(slots=True)
class PipelineReader(TextReader):
    """Reads the pipeline of one file; ``problems`` are what its texts have that can't be read.

    ``places`` are the features' positions in the file, and ``folder`` is where it lies.
    """

    members: Members
    places: Sequence[int]
    folder: FilePath

    def read(self) -> Pipeline:
        """The pipeline. Where there are problems it is not to be used."""
        members, declared = self.members, self.members["pipeline"]
        hop = self._micros(declared["emit"].get("every"), ("pipeline", "emit", "every"), 0)
        types = {each["name"]: each["type"] for each in members["features"]}
        identifier = members["record_identifier"]
        return Pipeline(
            group=members["name"],
            identifier=identifier,
            identifier_type=FeatureType(types[identifier]),
            event_time=members["event_time"],
            source=self._source(declared["source"]),
            features=tuple(self._features()),
            hop=hop,
            available_after=self._of("available_after", 0),
            engine=Engine(declared.get("engine", Engine.AUTO)),
            schedule=self._schedule(declared.get("schedule"), hop),
            late=self._late(declared.get("late") or {}),
            start=self._day(declared["start"]),
            freshness=self._of("freshness", 0) or None,
            owner=declared.get("owner"),
            description=declared.get("description", members.get("description")),
            shared=declared.get("shared", False),
            revision=declared.get("revision", 1),
            expect=self._expect(),
            consistency=self._consistency(declared.get("consistency")),
        )

    def _expect(self) -> tuple[Expectation, ...]:
        reader = ExpectationReader(self.members, self.places, self.folder)
        expected = reader.read()
        self.problems += reader.problems
        return expected

    def _of(self, member: str, default: int) -> int:
        return self._micros(self.members["pipeline"].get(member), ("pipeline", member), default)

    def _micros(self, text: str | None, path: Path, default: int) -> int:
        return default if text is None else self.length(text, path) or 0

    def _day(self, text: str) -> date | None:
        try:
            return date.fromisoformat(text)
        except ValueError:
            path = ("pipeline", "start")
            self.problems.append(Problem(path, "Member must be a day, as 2025-01-31", shown(text)))
            return None

    def _late(self, late: Members) -> Late:
        default = Late()
        path = ("pipeline", "late")
        return Late(
            self._micros(late.get("wait"), (*path, "wait"), default.wait),
            self._micros(late.get("accept"), (*path, "accept"), default.accept),
        )

    def _consistency(self, given: Members | None) -> Consistency | None:
        if given is None:
            return None
        default, path = Consistency(), ("pipeline", "consistency", "every")
        every = self._micros(given.get("every"), path, default.every)
        if every < _LEAST_LOOK or every % MINUTE:
            text = "Member must be whole minutes, five at least"
            self.problems.append(Problem(path, text, shown(given.get("every"))))
        return Consistency(given.get("sample") or default.sample, every)

    def _schedule(self, schedule: Members | None, hop: int) -> Schedule:
        given = schedule or {}
        if given.get("cron") or given.get("off"):
            return Schedule(None, given.get("cron"), given.get("timezone"))
        default = hop or HOUR
        return Schedule(
            self._micros(given.get("every"), ("pipeline", "schedule", "every"), default)
        )

    def _source(self, source: Members) -> Source:
        path, files = ("pipeline", "source"), source.get("files") or {}
        given: Members = files.get("columns") or {}
        columns = {str(each).lower() for each in given} if files else None
        by_default = TimeUnit.ISO8601 if source.get("group") else TimeUnit.TIMESTAMP
        text, outputs = self._select(source.get("sql"), (*path, "sql"))
        return Source(
            time=source["time"],
            unit=TimeUnit(source.get("unit", by_default)),
            table=source.get("table"),
            group=source.get("group"),
            files=f"{files['s3'].rstrip('/')}/" if files else None,
            format=FileFormat(files["format"]) if files else None,
            typed=tuple((str(n).lower(), str(t).lower()) for n, t in given.items()),
            sql=text,
            tables=tuple(each.lower() for each in source.get("tables") or ()),
            columns=outputs if columns is None else frozenset(columns),
            order=tuple(source.get("order") or ()),
            version=source.get("version"),
            where=self._value(source.get("where"), (*path, "where")),
        )

    def _select(self, text: str | None, path: Path) -> tuple[str | None, frozenset[str] | None]:
        if text is None:
            return None, None
        try:
            parsed = parse_select(text)
        except RefusedSql as error:
            self.problems.append(Problem(path, _as_sql(error), shown(text)))
            return text, None
        return parsed.text, parsed.outputs

    def _value(self, text: str | None, path: Path) -> str | None:
        if text is None:
            return None
        try:
            return parse_value(text).text
        except RefusedSql as error:
            self.problems.append(Problem(path, _as_sql(error), shown(text)))
            return text

    def _features(self) -> Iterator[ComputedFeature]:
        for place, each in zip(self.places, self.members["features"], strict=True):
            aggregate, latest = each.get("aggregate"), each.get("latest")
            if aggregate is None and latest is None:
                continue
            collection = each.get("collection")
            path, kind = ("features", place), FeatureType(each["type"])
            yield ComputedFeature(
                name=each["name"],
                type=kind,
                collection=CollectionType(collection) if collection else None,
                aggregate=self._aggregate(aggregate, kind, (*path, "aggregate")),
                latest=self._value(latest, (*path, "latest")),
                place=place,
            )

    def _aggregate(
        self, aggregate: Members | None, kind: FeatureType, path: Path
    ) -> Aggregate | None:
        if aggregate is None:
            return None
        function = Function(aggregate["function"])
        digits = _FRACTION_DIGITS if function in SCALED and kind is FeatureType.FRACTIONAL else 0
        return Aggregate(
            function=function,
            window=self._micros(aggregate.get("window"), (*path, "window"), 0),
            of=self._value(aggregate.get("of"), (*path, "of")),
            where=self._value(aggregate.get("where"), (*path, "where")),
            scale=aggregate.get("scale", digits),
            n=aggregate.get("n", 1) if function in ORDERED else 1,
        )


def _as_sql(error: RefusedSql) -> str:
    return f"Member must be SQL that every engine computes alike: {error}"
