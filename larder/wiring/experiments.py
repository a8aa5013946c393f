"""Reports of experiments over a platform's Athena."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import boto3

from larder.errors import ValidationError
from larder.models.adapters.athena_rows import AthenaRows
from larder.models.report_experiment import QueryRows
from larder.offline.adapters.athena import AthenaQueries
from larder.offline.adapters.iceberg.catalog import bucket_files
from larder.tabular.files import Opening
from larder.tabular.sources import open_source
from larder.wiring.training_sets_over import HistorySettings


@dataclass(frozen=True, slots=True)
class Experiments:
    """What reads exposures, and their database."""

    queries: QueryRows
    database: str


def open_experiments(settings: HistorySettings) -> Experiments:
    """The exposures of a platform, read by Athena with the caller's own rights."""
    client = boto3.client("athena")
    queries = AthenaQueries(client, settings.workgroup, settings.database)
    return Experiments(AthenaRows(client, queries), settings.database)


def labels_of_file(address: str | Path) -> dict[str, float]:
    """Labels by inference id, of a file with columns ``inference_id`` and ``label``.

    Raises:
        ValidationError: there is no such file, a column is missing, or a label is no number.
    """
    source = open_source(str(address), bucket_files, Opening())
    names = set(source.schema.names)
    if missing := {"inference_id", "label"} - names:
        raise ValidationError(
            f"--labels: {address} lacks the column {min(missing)!r}; it has "
            f"{', '.join(sorted(names))[:300]}."
        )
    found: dict[str, float] = {}
    for batch in source.batches():
        ids = batch.rows.column("inference_id").to_pylist()
        for place, (key, label) in enumerate(
            zip(ids, batch.rows.column("label").to_pylist(), strict=True)
        ):
            if key is None or label is None or label == "":
                continue
            try:
                found[str(key)] = float(label)
            except (TypeError, ValueError):
                raise ValidationError(
                    f"--labels: row {batch.start + place + 1} of {address} has label "
                    f"{str(label)[:60]!r}: send numbers, 0 and 1 for yes and no."
                ) from None
    return found
