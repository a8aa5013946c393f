"""Settings of ``runtime``, which programs in the account use too."""

from __future__ import annotations

from dataclasses import dataclass

from larder.settings.memory import MemorySettings


@dataclass(frozen=True, kw_only=True)
class RuntimeSettings(MemorySettings):
    """The data plane: PutRecord, GetRecord and the other operations on records.

    Attributes:
        registry_table: the table of feature groups.
        records_table: the table of records.
        account_id: with ``region`` and ``partition``, says which group ARNs are this platform's.
        group_cache_seconds: how long a feature group's settings may be reused. An older entry is
            never used, and a group stays ``Deleting`` for at least twice as long.
        administrators: patterns of the principals that may do everything.
        missing_grants_deny: 1 where a group without grants is closed to everybody else, else 0.
    """

    registry_table: str
    records_table: str
    account_id: str
    region: str
    partition: str
    group_cache_seconds: float = 5.0
    administrators: tuple[str, ...] = ()
    missing_grants_deny: int = 0
