"""The HTTP API, which asks for a signature, and the functions behind it."""

import json
from typing import Final

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk.aws_apigatewayv2_authorizers import HttpIamAuthorizer
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from larder.settings.control import ControlSettings
from larder.settings.published import PublishedSettings
from larder.settings.runtime import RuntimeSettings
from stacks.config import StageConfig
from stacks.constructs.client_parameter import ClientParameter
from stacks.constructs.dependency_layer import LEAN, DependencyLayer
from stacks.constructs.function_url import FunctionUrl
from stacks.constructs.permissions import allow_items, allow_pattern
from stacks.constructs.python_function import Program, PythonFunction
from stacks.control_plane import control_settings
from stacks.data_plane import runtime_settings
from stacks.ingestion import IngestionStack
from stacks.memory.store import MemoryStoreStack
from stacks.models import ModelsStack
from stacks.offline_store import OfflineStoreStack
from stacks.online_store import RECORD_ACTIONS, OnlineStoreStack
from stacks.pipelines import PipelinesStack
from stacks.predictions import PredictionsStack
from stacks.registry_access import REGISTRY_READER, REGISTRY_WRITER, allow_registry
from stacks.runtime_start import Start, live_alias
from stacks.trainings import TrainingsStack
from stacks.transforms import TransformsStack

_RUNTIME_ROUTES: Final = (
    ("/FeatureGroup/{proxy+}", apigw.HttpMethod.ANY),
    ("/BatchGetRecord", apigw.HttpMethod.POST),
    ("/BatchWriteRecord", apigw.HttpMethod.POST),
)
# The function refuses the last two in words: models answer at once here.
_INFERENCE_PATHS: Final = (
    "/endpoints/{name}/invocations",
    "/endpoints/{name}/async-invocations",
    "/endpoints/{name}/invocations-response-stream",
)
_LOGGED: Final = {
    "time": "$context.requestTime",
    "requestId": "$context.requestId",
    "caller": "$context.identity.userArn",
    "sourceIp": "$context.identity.sourceIp",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "responseBytes": "$context.responseLength",
    "latencyMs": "$context.responseLatency",
    "integrationLatencyMs": "$context.integrationLatency",
    "integrationError": "$context.integrationErrorMessage",
}


class ServingStack(Stack):
    """SageMaker's wire API over HTTPS: ``control`` at ``POST /``, the others at their own paths.

    Where the stage asks for it, ``runtime`` has a Function URL too.
    """

    def __init__(  # noqa: PLR0913 - references to other stacks, each by its name
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        online: OnlineStoreStack,
        offline: OfflineStoreStack,
        models: ModelsStack,
        pipelines: PipelinesStack,
        predictions: PredictionsStack,
        trainings: TrainingsStack,
        transforms: TransformsStack,
        ingestion: IngestionStack,
        memory: MemoryStoreStack | None = None,
    ) -> None:
        super().__init__(scope, construct_id, termination_protection=config.data.retain)
        layer = DependencyLayer(self, "Lean", recipe=LEAN, target=config.target)
        self.models, self._offline_writer = models, ingestion.offline_writer
        settings = control_settings(
            self, config, online=online, offline=offline, models=models, transforms=transforms
        )
        self.control = self._control(config, online, settings, layer)
        models.allow_control(self.control)
        transforms.allow_control(self.control)
        read = runtime_settings(self, config, online, memory)
        self.runtime = self._runtime(config, online, memory, layer, read)
        target = live_alias(self.runtime, config.serving.runtime_start)
        self.api = self._api(live_alias(self.control), target, models.invoked)
        self._publish(config, read, offline, (pipelines, predictions, trainings))
        self._stage(config)
        if config.serving.function_url:
            self._function_url(target)
        CfnOutput(self, "ApiEndpoint", value=self.api.api_endpoint)
        CfnOutput(self, "ApiId", value=self.api.api_id)
        CfnOutput(self, "ControlFunctionName", value=self.control.function_name)
        CfnOutput(self, "RuntimeFunctionName", value=self.runtime.function_name)

    def _control(
        self,
        config: StageConfig,
        online: OnlineStoreStack,
        settings: ControlSettings,
        layer: DependencyLayer,
    ) -> PythonFunction:
        function = PythonFunction(
            self,
            "Control",
            config=config,
            program=Program(
                name="control",
                settings=settings,
                memory_mb=config.serving.control_memory_mb,
                timeout=Duration.seconds(25),
                concurrency=config.serving.control_concurrency,
            ),
            layer=layer,
        )
        allow_registry(function, online, REGISTRY_WRITER)
        # a page of groups
        allow_items(function, ["dynamodb:BatchGetItem"], [online.registry.table_arn], online.key)
        _allow_forwarding(function, config)
        return function

    def _runtime(
        self,
        config: StageConfig,
        online: OnlineStoreStack,
        memory: MemoryStoreStack | None,
        layer: DependencyLayer,
        settings: RuntimeSettings,
    ) -> PythonFunction:
        function = PythonFunction(
            self,
            "Runtime",
            config=config,
            program=Program(
                name="runtime",
                settings=settings,
                memory_mb=config.serving.runtime_memory_mb,
                timeout=Duration.seconds(10),
                snapshots=config.serving.runtime_start is Start.SNAP_START,
                concurrency=config.serving.runtime_concurrency,
            ),
            layer=layer,
            vpc_access=memory.access if memory else None,
        )
        if memory is not None:
            memory.allow_connect(function)
        allow_registry(function, online, REGISTRY_READER)
        allow_items(function, RECORD_ACTIONS, [online.records.table_arn], online.key)
        return function

    def _publish(
        self,
        config: StageConfig,
        settings: RuntimeSettings,
        offline: OfflineStoreStack,
        runs: tuple[PipelinesStack, PredictionsStack, TrainingsStack],
    ) -> None:
        """Tell Python programs of the stores and the API."""
        pipelines, predictions, trainings = runs
        published = PublishedSettings(
            **vars(settings),
            offline_bucket=offline.bucket.bucket_name,
            database=offline.database.database_name,
            workgroup=offline.work_group.name,
            api_endpoint=self.api.api_endpoint,
            api_id=self.api.api_id,
            kms_key_arn=offline.bucket.key.key_arn,
            pipelines_machine=pipelines.machine.state_machine_arn,
            pipelines_definitions=pipelines.definitions,
            predictions_machine=predictions.machine.state_machine_arn,
            predictions_definitions=predictions.definitions,
            inference_function=self.models.invoked.function_arn,
            trainings_machine=trainings.machine.state_machine_arn,
            trainings_definitions=trainings.definitions,
            offline_writer_function=self._offline_writer.function_name,
        )
        ClientParameter(self, "ClientParameter", stage=config.name, settings=published)

    def _function_url(self, target: lambda_.IFunction) -> None:
        endpoint = FunctionUrl(
            self,
            "Door",
            target=target,
            description="Larder: may call the data plane's Function URL",
        )
        CfnOutput(self, "FunctionUrl", value=endpoint.address)
        CfnOutput(self, "FunctionUrlCallersPolicyArn", value=endpoint.callers.managed_policy_arn)

    def _api(
        self,
        control_target: lambda_.IFunction,
        runtime_target: lambda_.IFunction,
        inference_target: lambda_.IFunction,
    ) -> apigw.HttpApi:
        api = apigw.HttpApi(
            self,
            "Api",
            description="Amazon SageMaker Feature Store's API, served by Larder",
            create_default_stage=False,
            default_authorizer=HttpIamAuthorizer(),
        )
        api.add_routes(
            path="/",
            methods=[apigw.HttpMethod.POST],
            integration=HttpLambdaIntegration("ControlIntegration", control_target),
        )
        runtime = HttpLambdaIntegration("RuntimeIntegration", runtime_target)
        for path, method in _RUNTIME_ROUTES:
            api.add_routes(path=path, methods=[method], integration=runtime)
        inference = HttpLambdaIntegration("InferenceIntegration", inference_target)
        for path in _INFERENCE_PATHS:
            api.add_routes(path=path, methods=[apigw.HttpMethod.POST], integration=inference)
        return api

    def _stage(self, config: StageConfig) -> None:
        log_group = logs.LogGroup(
            self,
            "AccessLog",
            retention=config.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        apigw.CfnStage(
            self,
            "DefaultStage",
            api_id=self.api.api_id,
            stage_name="$default",  # no path prefix: clients post to the endpoint itself
            auto_deploy=True,
            default_route_settings=apigw.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=config.serving.api_rate_limit,
                throttling_burst_limit=config.serving.api_burst_limit,
            ),
            access_log_settings=apigw.CfnStage.AccessLogSettingsProperty(
                destination_arn=log_group.log_group_arn, format=json.dumps(_LOGGED)
            ),
        )


def _allow_forwarding(control: PythonFunction, config: StageConfig) -> None:
    """Let ``control`` do at SageMaker what the stage has it forward."""
    if config.forwarding.sagemaker_endpoint and config.forwarding.actions:
        allow_pattern(
            control,
            config.forwarding.actions,
            {"*": "*"},
            reason="the stage lists the actions that are forwarded to SageMaker, for any resource",
        )
