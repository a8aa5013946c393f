"""The report on a run's checks, as a JSON document beside its rows.

Format ``pipeline-checks`` (decision 0192). It names record identifiers of failed rows, and the
least or greatest value of a feature; no other values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final

import orjson

from larder.formats import MEMBER, Format, known_members
from larder.pipelines.checks.expectation import PAUSING, Kind
from larder.pipelines.checks.judge import Finding, Result

CHECKS: Final = Format("pipeline-checks")
_MOST_TOLD = 3
_LONGEST_TOLD = 160


@dataclass(frozen=True, slots=True)
class Report:
    """What the checks of one run found. ``address`` is where the document lies."""

    run: str
    address: str
    rows: int
    keys: int
    findings: tuple[Finding, ...] = ()

    def of(self, result: Result) -> Iterator[Finding]:
        """The findings with that result."""
        return (each for each in self.findings if each.result is result)

    @property
    def pauses(self) -> bool:
        """Whether a check failed that pauses the pipeline when it fails twice running."""
        return any(each.kind in PAUSING for each in self.of(Result.FAILED))

    def named(self, result: Result) -> str:
        """The first checks with a result, for logs: they hold no value of a record."""
        return self._first([each.check for each in self.of(result)])

    def told(self, result: Result) -> str:
        """The first findings with a result, with value and bound, and where the rest is."""
        found = [f"{each.check}: {each.value}, expected {each.bound}" for each in self.of(result)]
        return self._first(found)

    def _first(self, texts: list[str]) -> str:
        first = [text[:_LONGEST_TOLD] for text in texts[:_MOST_TOLD]]
        if len(texts) > _MOST_TOLD:
            first.append(f"{len(texts) - _MOST_TOLD} more")
        return f"{'; '.join(first)}. Report: {self.address}"


def to_json(report: Report) -> bytes:
    """The document, always in the same bytes."""
    return orjson.dumps(asdict(report), option=orjson.OPT_INDENT_2)


def from_json(body: bytes) -> Report:
    """The report of a document.

    Raises:
        NewerFormat: a newer release wrote it, in a form or with words that this one can't read.
    """
    document = orjson.loads(body)
    label = f"checks of run {document.get('run')}"
    CHECKS.check(label, document.get(MEMBER))
    findings = tuple(_finding(label, each) for each in document["findings"])
    return Report(**{**known_members(Report, document), "findings": findings})


def _finding(label: str, document: dict[str, object]) -> Finding:
    known = known_members(Finding, document)
    return Finding(
        **{
            **known,
            "result": CHECKS.value(label, Result, known["result"]),
            "kind": CHECKS.value(label, Kind, known["kind"]),
            "keys": tuple(known["keys"]),
        }
    )
