"""``expect`` of a definition file: what is expected of the rows, and of each feature's values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from larder.groups.feature_group import FeatureType
from larder.pipelines.checks.expectation import MOST_VALUES, Expectation, Kind, Severity
from larder.pipelines.dialects import Dialect, translated_value
from larder.pipelines.durations import EXAMPLES, micros_of
from larder.pipelines.expressions import RefusedSql, parse_condition
from larder.problems import Path, Problem, shown

Members = Mapping[str, Any]
_COUNTED = {
    "rows": (Kind.ROWS_MIN, Kind.ROWS_MAX, Kind.ROWS_COMPARED),
    "keys": (Kind.KEYS_MIN, Kind.KEYS_MAX, Kind.KEYS_COMPARED),
}
_OF_NUMBERS = (Kind.MIN, Kind.MAX, Kind.ZEROS)
_MOST_SHARE = 100


@dataclass(slots=True)
class ExpectationReader:
    """Reads the expectations of one file in ``folder``; ``problems`` are what is wrong with them.

    ``places`` are the features' positions in the file.
    """

    members: Members
    places: Sequence[int]
    folder: FilePath
    problems: list[Problem] = field(default_factory=list)

    def read(self) -> tuple[Expectation, ...]:
        """The expectations, those of the file first. Where there are problems: not to be used."""
        return (*self._of_file(), *self._of_features())

    def _of_file(self) -> Iterator[Expectation]:
        for place, given in enumerate(self.members["pipeline"].get("expect") or ()):
            path: Path = ("pipeline", "expect", place)
            severity = Severity(given.get("severity") or Severity.ERROR)
            for member in _COUNTED:
                if given.get(member) is not None:
                    yield from self._counted(member, given[member], severity, (*path, member))
            if given.get("unique"):
                columns = tuple(given["unique"])
                yield Expectation(kind=Kind.UNIQUE, columns=columns, severity=severity)
            if given.get("freshness") is not None:
                yield self._freshness(given["freshness"], severity, (*path, "freshness"))
            if given.get("sql") is not None:
                yield self._sql(given["sql"], severity, (*path, "sql"))

    def _counted(
        self, member: str, given: Members, severity: Severity, path: Path
    ) -> Iterator[Expectation]:
        least, most, compared = _COUNTED[member]
        bounds = {least: given.get("min"), most: given.get("max")}
        yield from self._bounds(bounds, path, severity)
        runs, within = given.get("compared_to"), given.get("within")
        if (runs is None) != (within is None):
            absent = "within" if within is None else "compared_to"
            text = "Member must be given: {compared_to: 7 runs, within: 50%}"
            self.problems.append(Problem((*path, absent), text, "null"))
        elif runs is not None and within is not None:
            yield Expectation(
                kind=compared,
                bound=percent(within),
                runs=int(runs.split()[0]),
                severity=severity,
            )
        elif all(each is None for each in bounds.values()):
            text = "Member must have min, max, or compared_to and within"
            self.problems.append(Problem(path, text, "empty"))

    def _bounds(
        self,
        bounds: Mapping[Kind, int | float | None],
        path: Path,
        severity: Severity,
        name: str = "",
    ) -> Iterator[Expectation]:
        """The least and the greatest number, in this order."""
        given = {kind: bound for kind, bound in bounds.items() if bound is not None}
        least, *most = given.values() or (0,)
        if most and least > most[0]:
            text = f"Member must be at least min, which is {least}"
            self.problems.append(Problem((*path, "max"), text, shown(most[0])))
        for kind, bound in given.items():
            yield Expectation(kind=kind, bound=bound, feature=name, severity=severity)

    def _freshness(self, text: str, severity: Severity, path: Path) -> Expectation:
        found = micros_of(text)
        if not found:
            told = f"Member must be a length above 0: {EXAMPLES}"
            self.problems.append(Problem(path, told, shown(text)))
        return Expectation(kind=Kind.FRESHNESS, bound=found or 0, severity=severity)

    def _sql(self, text: str, severity: Severity, path: Path) -> Expectation:
        names = {each["name"].lower() for each in self.members["features"]}
        names.discard(self.members["event_time"].lower())
        try:
            parsed = parse_condition(text)
        except RefusedSql as error:
            told = f"Member must be a condition on one row: {error}"
            self.problems.append(Problem(path, told, shown(text)))
            return Expectation(kind=Kind.SQL)
        for column in sorted(parsed.columns - names):
            told = "Member must read features of the file, and not the event time"
            self.problems.append(Problem(path, told, shown(column)))
        return Expectation(
            kind=Kind.SQL,
            condition=parsed.text,
            computed=translated_value(parsed.text, Dialect.DUCKDB),
            severity=severity,
        )

    def _of_features(self) -> Iterator[Expectation]:
        for place, feature in zip(self.places, self.members["features"], strict=True):
            given = feature.get("expect")
            if given is not None:
                path: Path = ("features", place, "expect")
                yield from self._of_feature(feature, given, path)

    def _of_feature(self, feature: Members, given: Members, path: Path) -> Iterator[Expectation]:
        name, severity = feature["name"], Severity(given.get("severity") or Severity.ERROR)
        self._refuse_kinds(feature, given, path)
        bounds = {Kind.MIN: given.get("min"), Kind.MAX: given.get("max")}
        yield from self._bounds(bounds, path, severity, name)
        for kind in (Kind.NULLS, Kind.ZEROS):
            if given.get(kind) is not None:
                share = percent(given[kind])
                if share > _MOST_SHARE:
                    told = "Member must be a share of rows, at most 100%"
                    self.problems.append(Problem((*path, kind.value), told, shown(given[kind])))
                yield Expectation(kind=kind, bound=share, feature=name, severity=severity)
        if given.get("in") is not None:
            values = self._values(given["in"], (*path, "in"))
            yield Expectation(kind=Kind.IN, values=values, feature=name, severity=severity)

    def _refuse_kinds(self, feature: Members, given: Members, path: Path) -> None:
        """Problems with checks that the feature's type has no meaning for."""
        if feature["name"] == self.members["event_time"]:
            told = "Member must be left out of the event time: it follows from the intervals"
            self.problems.append(Problem(path, told, shown(feature["name"])))
            return
        kinds = [kind for kind in (*_OF_NUMBERS, Kind.IN) if given.get(kind) is not None]
        is_list, type_ = feature.get("collection") is not None, feature["type"]
        for kind in kinds:
            is_odd = (
                type_ == FeatureType.FRACTIONAL if kind is Kind.IN else type_ == FeatureType.STRING
            )
            if is_list or is_odd:
                what = feature["collection"] if is_list else type_
                told = f"Member must be left out of a feature of type {what}"
                self.problems.append(Problem((*path, kind.value), told, shown(feature["name"])))
        if not kinds and given.get("nulls") is None:
            told = "Member must have one of [min, max, nulls, zeros, in]"
            self.problems.append(Problem(path, told, "empty"))

    def _values(self, given: Members, path: Path) -> tuple[str, ...]:
        if given.get("values"):
            return tuple(given["values"])
        name = given.get("file") or ""
        file = self.folder / name
        told = "Member must be a text file beside the definition, with a value a line"
        try:
            if FilePath(name).is_absolute():
                raise OSError("its path must be relative to the definition's folder")
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or error
            self.problems.append(Problem((*path, "file"), f"{told}: {reason}", shown(name)))
            return ()
        values = tuple(dict.fromkeys(each.strip() for each in lines if each.strip()))
        if not 0 < len(values) <= MOST_VALUES:
            text = f"{told}, and 1 to {MOST_VALUES:,} of them, not {len(values):,}"
            self.problems.append(Problem((*path, "file"), text, shown(name)))
        return values


def percent(share: str) -> int | float:
    """The number of a text such as ``12.5%``."""
    number = share.removesuffix("%")
    return float(number) if "." in number else int(number)
