"""Maintenance of the table of exposures: the offline store's own, on the writer's schedule."""

from __future__ import annotations

from dataclasses import dataclass

from larder.groups.feature_group import FeatureGroup
from larder.offline.ports import OfflineTables, Remaining
from larder.offline.upkeep import TableUpkeep, UpkeepRules, Upkept


@dataclass(frozen=True, slots=True)
class ExposureKeeper:
    """Keeps the table, which it makes where no exposure was ever written."""

    table: FeatureGroup
    tables: OfflineTables
    maintenance: TableUpkeep
    rules: UpkeepRules

    def keep(self, *, remaining: Remaining) -> Upkept:
        """One round; raises as ``larder.offline.ports.OfflineTables`` does."""
        self.tables.create(self.table)
        return self.maintenance.keep(self.table, self.rules, (), remaining)
