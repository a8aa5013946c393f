"""Where a run keeps its files in the platform's bucket."""

from __future__ import annotations

from dataclasses import dataclass

from larder.bucket_folders import MODEL_DATA, TRAININGS
from larder.trainings.runs import TrainingRun


@dataclass(frozen=True, slots=True)
class Folders:
    """The addresses of one run; ``run`` and ``model`` end in a slash."""

    run: str
    model: str

    @classmethod
    def of(cls, bucket: str, run: TrainingRun) -> Folders:
        """Those of a run."""
        place = f"{run.training}/{run.id}/"
        return cls(
            f"s3://{bucket}/{TRAININGS}{place}", f"s3://{bucket}/{MODEL_DATA}trainings/{place}"
        )

    @property
    def rows(self) -> str:
        """What the training step reads."""
        return f"{self.run}train.parquet"

    @property
    def held_out(self) -> str:
        """What both models are scored on, and no training step may read."""
        return f"{self.run}held-out/rows.parquet"

    @property
    def report(self) -> str:
        """The comparison's report."""
        return f"{self.run}report.json"

    @property
    def parts(self) -> str:
        """How the rows were split; it is written last."""
        return f"{self.run}parts.json"

    @property
    def archive(self) -> str:
        """Where the training step writes its model."""
        return f"{self.model}model.tar.gz"

    @property
    def metrics(self) -> str:
        """Where it may write what it measured itself."""
        return f"{self.model}metrics.json"
