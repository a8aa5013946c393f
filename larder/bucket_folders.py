"""The platform's own folders in its bucket: the one list of them.

A feature group may put its files anywhere else in the bucket. A folder that gets a new use comes
here first; ``tests/infra/test_bucket_folders.py`` looks for those that did not.
"""

from typing import Final

RESULTS: Final = "athena-results/"
SPILLED: Final = "aws/lambda/"
"""Where Lambda puts batches that it gave up: an event source can't choose another name."""
QUARANTINE: Final = "quarantine/"
"""Where the offline writer puts what it could not write, by the group's uid."""
STAGING: Final = "staging/"
"""Where rows wait for a commit of their offline table, by the group's uid."""
TRAINING_SETS: Final = "training-sets/"
INGEST: Final = "ingest/"
MATERIALIZE: Final = "materialize/"
"""Where results of materialization lie, by the group's uid."""
MODELS: Final = "models/"
"""Where the files of imported models lie, by their SHA-256."""
MODEL_DATA: Final = "model-data/"
"""Where people may upload artefacts of models that CreateModel then takes in."""
EXPOSURES: Final = "exposures/"
"""Where the table of exposures lies, and what data capture writes here."""
PIPELINES: Final = "pipelines/"
"""Where runs of pipelines stage their rows, by pipeline and run."""
SOURCES: Final = "sources/"
"""Where people may put tables of events that pipelines read."""
CONSISTENCY: Final = "consistency/"
"""Where reports on pipelines lie, by pipeline and day."""
LINEAGE: Final = "lineage/"
"""Where events of pipeline runs lie, by day."""
PREDICTIONS: Final = "predictions/"
"""Where scores lie, by prediction, model, version and instant; and what each run works with."""
MONITORING: Final = "monitoring/"
"""Where baselines of models lie, and what runs of monitoring found."""
TRAININGS: Final = "trainings/"
"""Where runs of trainings keep their rows and reports, by training and run."""
TRANSFORMS: Final = "transforms/"
"""Where people may put records for transform jobs, and have their results."""
TRANSFORM_JOBS: Final = "transform-jobs/"
"""What transform jobs remember of themselves, by the job's uid."""
_EARLIER: Final = ("failed-batches/",)
"""Folders of earlier releases."""
OWN: Final = tuple(
    sorted(
        {
            folder.partition("/")[0]
            for folder in (
                RESULTS,
                SPILLED,
                QUARANTINE,
                STAGING,
                TRAINING_SETS,
                INGEST,
                MATERIALIZE,
                MODELS,
                EXPOSURES,
                MODEL_DATA,
                PIPELINES,
                SOURCES,
                CONSISTENCY,
                LINEAGE,
                PREDICTIONS,
                MONITORING,
                TRAININGS,
                TRANSFORMS,
                TRANSFORM_JOBS,
                *_EARLIER,
            )
        }
    )
)
"""Names of the topmost folders, which no feature group may lie under."""
