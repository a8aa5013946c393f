"""Settings of ``predictions``, which keeps the ledger of runs and guards what they publish."""

from __future__ import annotations

from dataclasses import dataclass

from larder.settings.base import Settings


@dataclass(frozen=True, kw_only=True)
class PredictionsSettings(Settings):
    """The steps of a run but scoring and publishing.

    Attributes:
        registry_table: where the ledger is, the models, and the feature groups.
        offline_bucket: where what a run works with lies, and its scores.
        glue_database: the database of a query's session.
        workgroup: the Athena workgroup that reads records.
        definitions_bucket: bucket of the declared predictions' document.
        definitions_key: its key there.
    """

    registry_table: str
    offline_bucket: str
    glue_database: str
    workgroup: str
    definitions_bucket: str
    definitions_key: str
