"""Reconciliation from Python: what a group's two stores disagree on, and its repair.

done = platform.reconciliation.reconcile("customers", repair=True)
print(done.differences, done.remaining)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from larder.as_of.oracle import nanos_of
from larder.client.html import as_shown, table
from larder.errors import ValidationError
from larder.foreign_errors import in_larders_words
from larder.progress import Report, silent
from larder.reconciliation.judge import Kind
from larder.reconciliation.reconcile import GRACE_SECONDS, Asked, Reconciled
from larder.wiring.reconciliation import StoresOfGroups

COLUMNS = ("Difference", "Records", "Repaired", "Settled meanwhile", "Examples")


@dataclass(slots=True, kw_only=True)
class ShownReconciliation(Reconciled):
    """A result as notebooks show it."""

    def _repr_html_(self) -> str:
        return table(next(lines(self)), COLUMNS, map(self._row, self.differences))

    def _row(self, kind: Kind) -> tuple[object, ...]:
        repaired, superseded = self.repaired.get(kind, 0), self.superseded.get(kind, 0)
        return (kind, self.differences[kind], repaired, superseded, ", ".join(self.examples[kind]))


@dataclass(frozen=True, slots=True)
class ReconciliationClient:
    """Compares the stores of groups with this process's IAM rights."""

    stores: StoresOfGroups

    def reconcile(  # noqa: PLR0913 - each is a choice of its own, with a default
        self,
        group: str,
        *,
        repair: bool = False,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        sample: int | None = None,
        grace_seconds: float = GRACE_SECONDS,
        max_writes_per_second: float = 1000.0,
        note: Callable[[Kind, str], None] = lambda _kind, _identifier: None,
        report: Report = silent,
    ) -> ShownReconciliation:
        """Compare each record online with the newest of the group's history.

        ``repair`` makes them agree, each towards the newer side. It may be interrupted and
        repeated. ``since`` and ``until``, as elsewhere, bound when either side's newest version was
        accepted; ``sample`` is so many shards. A version younger than ``grace_seconds`` is under
        way where nothing proves its arrival. ``note`` hears of each difference.

        Raises:
            ConfigurationError: a repair needs the offline writer, which the settings do not name.
            LarderError: as ``Reconciliation.run``, and ResourceNotFound.
        """
        first, last = _micros("since", since), _micros("until", until)
        asked = Asked(since=first, until=last, sample=sample, grace_seconds=grace_seconds)
        rate = max_writes_per_second if repair else None
        with in_larders_words(f"the stores of {group} could not be reconciled"):
            found = self.stores.run(group, asked, report, note=note, repair_rate=rate)
        return as_shown(ShownReconciliation, found)


def lines(found: Reconciled) -> Iterator[str]:
    """The result for a person."""
    yield (
        f"{found.group} at {found.at}: {found.compared:,} records compared in {found.shards} "
        f"shards, {found.different:,} differ, {found.remaining:,} remain"
    )
    for kind, number in found.differences.items():
        told = [f"{kind}: {number:,}"]
        if done := found.repaired.get(kind):
            told.append(f"repaired {done:,}")
        if settled := found.superseded.get(kind):
            told.append(f"settled meanwhile {settled:,}")
        yield f"  {', '.join(told)} (such as {', '.join(found.examples[kind])})"
    for feature, number in found.features.items():
        yield f"    {feature}: {number:,} with other values"
    for cause, number in found.uncompared.items():
        yield f"  not compared, {cause}: {number:,}"
    yield from (f"  {each}" for each in [*found.notes, *found.problems])


def _micros(name: str, instant: datetime | str | None) -> int | None:
    if instant is None:
        return None
    try:
        return nanos_of(instant) // 1000
    except ValidationError as error:
        raise ValidationError(f"{name}: {error}") from error
