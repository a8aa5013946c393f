"""Entry point of the step that writes both stores."""

from lambdas.pipeline_publisher.events import create_handler
from larder.settings.pipelines import PipelinePublisherSettings
from larder.telemetry.log import Log
from larder.wiring.pipeline_publisher import open_publisher

_settings = PipelinePublisherSettings.from_env()

handler = create_handler(open_publisher(_settings), Log.of(_settings.stage, "pipeline_publisher"))
