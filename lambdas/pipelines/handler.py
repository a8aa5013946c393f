"""Entry point of the steps that look, claim, compute, check, record and compare."""

from lambdas.pipelines.events import create_handler
from larder.pipelines.consistency.report import ConsistencyReport
from larder.pipelines.runs.ports import Remaining
from larder.settings.pipelines import PipelinesSettings
from larder.telemetry.log import Log
from larder.wiring.lambda_context import in_time
from larder.wiring.pipeline_lineage import open_lineage
from larder.wiring.pipeline_runs import open_pipeline_work

_RESERVE_SECONDS = 20.0
"""Kept back so that the answer is given before Lambda stops the function."""

_settings = PipelinesSettings.from_env()
_log = Log.of(_settings.stage, "pipelines")
_work = open_pipeline_work(_settings)


def _compare(name: str, remaining: Remaining) -> ConsistencyReport:
    """Imported when it is asked for: runs do not pay for it at a cold start."""
    from larder.wiring.pipeline_consistency import open_step  # noqa: PLC0415

    return open_step(_settings, _work.pipelines).check_and_store(name, remaining)


handler = in_time(
    create_handler(_work, _log, _compare, open_lineage(_settings, _log)),
    reserve_seconds=_RESERVE_SECONDS,
)
