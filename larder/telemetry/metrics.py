"""Names of the platform's metrics in CloudWatch, for those who write them and those who read them.

Every metric has the dimensions ``Stage`` and ``Function``: two stages in one account keep series of
their own. A feature group is never a dimension, because CloudWatch bills each series by the month.
The age of a pipeline's data alone has ``Pipeline``, where its definition asks for the alarm. Of
predictions, whose number is small, age and failures have ``Prediction``. Failures of trainings,
whose number is small too, have ``Training``.
"""

from __future__ import annotations

from enum import StrEnum

NAMESPACE = "Larder"
STAGE = "Stage"
FUNCTION = "Function"
PIPELINE = "Pipeline"
PREDICTION = "Prediction"
TRAINING = "Training"


class Metric(StrEnum):
    """The platform's metrics.

    Milliseconds where the name ends in ``Ms``, seconds where it ends in ``Age``, ``Percent`` where
    it says so, counts otherwise.
    """

    CAPTURES_LOST = "CapturesLost"
    EXPOSURES_LOST = "ExposuresLost"
    EXPOSURE_ROWS = "ExposureRows"
    MEMORY_BREAKER_OPENED = "MemoryBreakerOpened"
    MEMORY_HITS = "MemoryHits"
    MEMORY_KEPT_BACK = "MemoryKeptBack"
    MEMORY_LATE_WRITES = "MemoryLateWrites"
    MEMORY_MISSES = "MemoryMisses"
    MEMORY_REPAIRS = "MemoryRepairs"
    MEMORY_REPAIRS_FAILED = "MemoryRepairsFailed"
    MEMORY_UNANSWERED = "MemoryUnanswered"
    MONITORING_DRIFT = "MonitoringDriftedFeatures"
    MONITORING_INPUTS = "MonitoringBadInputs"
    MONITORING_SPLITS = "MonitoringSuspectSplits"
    OFFLINE_LAG = "OfflineLagMs"
    OFFLINE_ROWS = "OfflineRows"
    PARKED_CHANGES = "ParkedChanges"
    PARKED_GROUPS = "ParkedGroups"
    LATE_EVENTS_DROPPED = "LateEventsDropped"
    PIPELINE_DATA_AGE = "PipelineDataAge"
    PIPELINE_FAILURES = "PipelineFailures"
    PIPELINE_LATE = "PipelineLatePercent"
    PIPELINE_MISMATCHES = "PipelineMismatchPercent"
    PIPELINE_ROWS = "PipelineRows"
    PREDICTION_AGE = "PredictionAge"
    PREDICTION_FAILURES = "PredictionFailures"
    PREDICTION_ROWS = "PredictionRows"
    QUARANTINED_RECORDS = "QuarantinedRecords"
    QUARANTINED_EXPOSURES = "QuarantinedExposures"
    SCHEDULED_FAILURES = "ScheduledFailures"
    SCHEDULED_RUNS = "ScheduledRuns"
    SHADOWS_FAILED = "ShadowsFailed"
    TRAINING_FAILURES = "TrainingFailures"
    TRAINING_RUNS = "TrainingRuns"


def scheduled_run(*, failures: int) -> dict[str, tuple[float, str]]:
    """The metrics of a scheduled run that came to its end, for ``Log.metrics``.

    ``failures`` is how many parts of its work, such as tables or groups, failed or were not
    reached. Both metrics are written at every run: an alarm goes off where the runs stop.
    """
    return {
        Metric.SCHEDULED_RUNS: (1.0, "Count"),
        Metric.SCHEDULED_FAILURES: (float(failures), "Count"),
    }
