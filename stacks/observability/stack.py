"""What an operator sees: one dashboard, and alarms on the promises."""

from collections.abc import Iterable

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.config import StageConfig
from stacks.exposures import ExposuresStack
from stacks.ingestion import IngestionStack
from stacks.memory.projection import MemoryProjectionStack
from stacks.monitoring import MonitoringStack
from stacks.observability.alarm_topic import alarm_topic
from stacks.observability.api_alarms import api_watches
from stacks.observability.dashboard import api_widgets, function_widget
from stacks.observability.deployment_alarms import deployment_watches
from stacks.observability.exposure_alarms import exposure_watches, exposure_widgets
from stacks.observability.memory_alarms import memory_watches, memory_widgets
from stacks.observability.monitoring_alarms import monitoring_widgets
from stacks.observability.offline_alarms import offline_watches, offline_widgets
from stacks.observability.pipeline_alarms import pipeline_watches, pipeline_widgets
from stacks.observability.prediction_alarms import prediction_watches, prediction_widgets
from stacks.observability.schedule_alarms import schedule_watches, schedule_widgets
from stacks.observability.training_alarms import training_watches, training_widgets
from stacks.observability.transform_alarms import transform_watches
from stacks.observability.watch import Watch, alarm, errors_watch, function_watches
from stacks.pipelines import PipelinesStack
from stacks.predictions import PredictionsStack
from stacks.serving import ServingStack
from stacks.trainings import TrainingsStack
from stacks.transforms import TransformsStack


class ObservabilityStack(Stack):
    """Alarms go off when a promise is at stake; the dashboard shows the numbers behind them."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        serving: ServingStack,
        ingestion: IngestionStack,
        projection: MemoryProjectionStack | None = None,
    ) -> None:
        super().__init__(scope, construct_id, termination_protection=config.data.retain)
        self.models = serving.models
        self.topic = alarm_topic(self, config) if config.alarms.topic else None
        functions = {
            "Control": serving.control,
            "Runtime": serving.runtime,
            "Inference": serving.models.inference,
            "ModelImport": serving.models.importer,
            "OfflineWriter": ingestion.offline_writer,
            "Lifecycle": ingestion.lifecycle,
            "Maintenance": ingestion.upkeep.maintenance,
            "Heartbeat": ingestion.upkeep.heartbeat,
        }
        if projection is not None:
            functions["MemoryProjector"] = projection.projector
            self._watch(memory_watches(config, projection))
        for name, function in functions.items():
            self._watch_function(name, function)
        self._watch(offline_watches(config, ingestion))
        self._watch(schedule_watches(config, ingestion.schedules))
        self._watch(api_watches(config, serving))
        self._watch(deployment_watches(self.models.deployments))
        self._dashboard = dashboard = _dashboard_of(self, config)
        dashboard.add_widgets(*api_widgets(serving))
        dashboard.add_widgets(*(function_widget(n, f) for n, f in functions.items()))
        dashboard.add_widgets(*offline_widgets(config, ingestion))
        dashboard.add_widgets(*schedule_widgets(config, ingestion.schedules))
        if projection is not None:
            dashboard.add_widgets(*memory_widgets(config, projection))
        CfnOutput(self, "DashboardName", value=dashboard.dashboard_name)

    def watch_exposures(self, config: StageConfig, exposures: ExposuresStack) -> None:
        """Watch what follows the inference function's log too."""
        self._watch_function("ExposureWriter", exposures.writer)
        self._watch(exposure_watches(config))
        self._watch(schedule_watches(config, exposures.schedules))
        self._dashboard.add_widgets(
            function_widget("ExposureWriter", exposures.writer),
            *exposure_widgets(config),
            *schedule_widgets(config, exposures.schedules),
        )

    def show_monitoring(self, config: StageConfig, monitoring: MonitoringStack) -> None:
        """Show what watches models. Its stack has its alarms itself: it tells our topic too."""
        self._dashboard.add_widgets(
            *monitoring_widgets(config), *schedule_widgets(config, monitoring.schedules)
        )

    def watch_runs(
        self,
        config: StageConfig,
        pipelines: PipelinesStack,
        predictions: PredictionsStack,
        trainings: TrainingsStack,
    ) -> None:
        """Watch what runs as files declare it."""
        self._watch_pipelines(config, pipelines)
        self._watch_predictions(config, predictions)
        self._watch_trainings(config, trainings)

    def watch_transforms(self, transforms: TransformsStack) -> None:
        """Watch transform jobs whose machine gave up."""
        self._watch(transform_watches(transforms))
        self._dashboard.add_widgets(function_widget("Transforms", transforms.function))

    def _watch_pipelines(self, config: StageConfig, pipelines: PipelinesStack) -> None:
        """Watch the functions of pipelines, and what becomes of intervals."""
        functions = {"PipelineSteps": pipelines.steps, "PipelinePublisher": pipelines.publisher}
        self._watch([errors_watch("PipelineSteps", pipelines.steps)])
        self._watch(pipeline_watches(config, pipelines))
        self._dashboard.add_widgets(
            *(function_widget(n, f) for n, f in functions.items()), *pipeline_widgets(config)
        )

    def _watch_predictions(self, config: StageConfig, predictions: PredictionsStack) -> None:
        """Watch the functions of predictions, and what becomes of runs."""
        functions = {"PredictionSteps": predictions.steps, "Scoring": predictions.scoring}
        self._watch([errors_watch("PredictionSteps", predictions.steps)])
        self._watch(prediction_watches(config, predictions))
        self._dashboard.add_widgets(
            *(function_widget(n, f) for n, f in functions.items()), *prediction_widgets(config)
        )

    def _watch_trainings(self, config: StageConfig, trainings: TrainingsStack) -> None:
        """Watch the functions of trainings, and runs that fail."""
        functions = {"TrainingSteps": trainings.steps, "ModelComparison": trainings.comparing}
        self._watch(training_watches(config, trainings))
        self._dashboard.add_widgets(
            *(function_widget(n, f) for n, f in functions.items()), *training_widgets(config)
        )

    def _watch(self, watches: Iterable[Watch]) -> None:
        for each in watches:
            alarm(self, each, self.topic)

    def _watch_function(self, name: str, function: lambda_.IFunction) -> None:
        self._watch(function_watches(name, function))


def _dashboard_of(stack: Stack, config: StageConfig) -> cloudwatch.Dashboard:
    return cloudwatch.Dashboard(stack, "Dashboard", dashboard_name=f"larder-{config.name}")
