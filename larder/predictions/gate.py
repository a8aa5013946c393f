"""The gate before publication: failed shards, refused records, checks of scores, and drift."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any, Final

import orjson

from larder.pipelines.checks.check import Checks, RunFolders
from larder.pipelines.checks.judge import Finding, Guard, Result
from larder.pipelines.checks.report import Report
from larder.pipelines.runs.items import IntervalItem
from larder.predictions.definition import Prediction
from larder.predictions.folders import Folders
from larder.predictions.pin import Pin
from larder.predictions.ports import Counts, Drift

_MOST_KEYS: Final = 20


@dataclass(frozen=True, slots=True)
class FailedShard:
    """A shard that has no scores, and why."""

    shard: int
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """What became of a run's shards, and what the gate found.

    ``refused`` records lack what the model needs; ``keys`` are the first of them, ``why`` is the
    first one's reason.
    """

    report: Report
    pin: Pin
    failed: tuple[FailedShard, ...] = ()
    refused: int = 0
    keys: tuple[str, ...] = ()
    why: str = ""

    @property
    def is_closed(self) -> bool:
        """Whether nothing may be published."""
        return any(self.report.of(Result.FAILED))


@dataclass(frozen=True, slots=True)
class Gate:
    """Judges a run's scores. It changes nothing, so it may be repeated."""

    checks: Checks
    drift: Drift

    def judge(
        self,
        prediction: Prediction,
        item: IntervalItem,
        pin: Pin,
        shards: tuple[Mapping[int, Counts], Sequence[FailedShard]],
        folders: tuple[Folders, Sequence[str]],
    ) -> GateReport:
        """The report on a run's ``shards``: those that were scored, and those that failed.

        ``folders`` are the run's own, and the parts of the last run that was published.
        """
        done, failed = shards
        here, earlier = folders
        places = RunFolders(here.scores, here.scores, here.report)
        report = self.checks.judged(prediction, item, places)
        refused = sum(each.refused for each in done.values())
        found = [
            _failed_shards(prediction, pin, len(failed)),
            _refused(prediction, report.rows, refused),
            *self._drifts(prediction, here.scores, earlier, report.rows),
        ]
        return GateReport(
            report=replace(report, findings=(*found, *report.findings)),
            pin=pin,
            failed=tuple(failed),
            refused=refused,
            keys=tuple(key for each in done.values() for key in each.keys)[:_MOST_KEYS],
            why=next((each.why for each in done.values() if each.why), ""),
        )

    def _drifts(
        self, prediction: Prediction, folder: str, earlier: Sequence[str], rows: int
    ) -> Iterator[Finding]:
        most = prediction.drift
        if most is None:
            return
        for score in prediction.scores:
            if score.collection is not None:
                continue
            psi = self.drift.psi(folder, earlier, score.name) if rows and earlier else None
            title, bound = f"{score.name} {Guard.DRIFT}", f"a PSI of at most {most:g}"
            if psi is None:
                value, result = "no earlier run to compare with", Result.NOT_JUDGED
            else:
                value, result = f"{psi:.4g}", Result.PASSED if psi <= most else Result.FAILED
            yield Finding(title, bound, value, result, Guard.DRIFT, feature=score.name)


def report_to_json(report: GateReport) -> bytes:
    """The report as a document for people, always in the same bytes."""
    pin = report.pin
    document: dict[str, Any] = {
        **asdict(report.report),
        "as_of": pin.as_of,
        "model": pin.label,
        "artefacts": [each.sha256 for each in pin.model.artefacts],
        "specification": pin.features.sha256,
        "source": pin.source,
        "snapshot": pin.snapshot,
        "shards": pin.shards,
        "failed_shards": [asdict(each) for each in report.failed],
        "refused": report.refused,
        "refused_keys": report.keys,
        "refused_why": report.why,
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def _failed_shards(prediction: Prediction, pin: Pin, failed: int) -> Finding:
    share = Fraction(100 * failed, pin.shards)
    is_met = share <= Fraction(str(prediction.tolerated))
    bound = f"at most {prediction.tolerated:g}% of shards fail"
    value = f"{failed} of {pin.shards} shards failed"
    result = Result.PASSED if is_met else Result.FAILED
    return Finding(str(Guard.SHARDS), bound, value, result, Guard.SHARDS)


def _refused(prediction: Prediction, rows: int, refused: int) -> Finding:
    share = Fraction(100 * refused, max(1, rows + refused))
    is_met = share <= Fraction(str(prediction.refused))
    bound = f"at most {prediction.refused:g}% of records lack what the model needs"
    value = f"{refused:,} of {rows + refused:,} records"
    result = Result.PASSED if is_met else Result.FAILED
    return Finding(str(Guard.REFUSED), bound, value, result, Guard.REFUSED)
