"""How a source is ingested, as its caller asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from larder.errors import ValidationError
from larder.groups.feature_group import FeatureGroup, TargetStore
from larder.records.values import target_stores
from larder.tabular.reading import Reading

_STORES = {
    "offline": frozenset({TargetStore.OFFLINE}),
    "online": frozenset({TargetStore.ONLINE}),
    "both": frozenset(TargetStore),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestOptions:
    """How a source is ingested.

    Attributes:
        to: ``offline`` (the history), ``online`` (each record's newest version) or ``both``.
        run_id: the id under which a run that was interrupted goes on; by default a new one.
        rejects: the file for rows that can't be taken, with the reasons: .jsonl, .csv or .parquet;
            or a folder for it.
        columns: features by the names of the source's columns, where those have other names. An
            empty feature name leaves its column out.
        time_zone: the zone of times that have none.
        reading: how files of text are read.
        max_writes_per_second: of the online store.
    """

    to: str = "offline"
    run_id: str | None = None
    rejects: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    time_zone: str | None = None
    reading: Reading = Reading()  # noqa: RUF009 - a frozen value
    max_writes_per_second: float = 1000.0

    def targets(self, group: FeatureGroup) -> frozenset[TargetStore]:
        """The stores that rows go to.

        Raises:
            ValidationError: there is no such store, or the group lacks it.
        """
        if self.to not in _STORES:
            raise ValidationError(f"to: {self.to!r} is no store; give {', '.join(_STORES)}.")
        return target_stores(group, _STORES[self.to])
