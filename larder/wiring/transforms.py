"""Transform jobs: who begins them, and who does their steps."""

from __future__ import annotations

from collections.abc import Callable

import boto3

from larder.aws.dynamodb.boto import BotoDynamo
from larder.aws.dynamodb.wire.environment import credentials_from, service_endpoint
from larder.aws.s3_objects import Objects
from larder.aws.signed_http import SignedHttp
from larder.aws.state_machine import StateMachine
from larder.models.adapters.dynamodb_endpoints import DynamoEndpoints
from larder.models.adapters.s3_artefacts import SECONDS, S3Artefacts
from larder.models.invoke import Invoker
from larder.models.residence import Residence
from larder.settings.transforms import TransformsSettings
from larder.transforms.adapters.dynamodb_jobs import DynamoJobs
from larder.transforms.adapters.s3_inputs import S3Inputs
from larder.transforms.adapters.s3_notes import S3Notes
from larder.transforms.adapters.s3_outputs import S3Outputs
from larder.transforms.adapters.step_functions import StepFunctionsJobs
from larder.transforms.api.answering import ModelAnswers
from larder.transforms.api.requests import work_of
from larder.transforms.job import TransformJob
from larder.transforms.run_job import JobRuns, Stores
from larder.transforms.work import Work
from larder.wiring.boto import background
from larder.wiring.control_plane import now_micros
from larder.wiring.data_plane import open_data_plane
from larder.wiring.model_runtimes import NativeRuntimes

_READ_SECONDS = 30.0
_MOST_STORE_SECONDS = 30.0


def open_job_runs(settings: TransformsSettings) -> JobRuns:
    """The steps of transform jobs of a deployed platform, with the credentials of this process.

    Raises:
        ConfigurationError: there are no credentials, or a setting is malformed.
    """
    config = background(read_seconds=_READ_SECONDS)
    s3 = boto3.client("s3", config=config)
    dynamodb = BotoDynamo(boto3.client("dynamodb", config=config))
    return JobRuns(
        jobs=DynamoJobs(dynamodb, settings.registry_table),
        stores=Stores(
            inputs=S3Inputs(s3, settings.places),
            outputs=S3Outputs(s3),
            notes=S3Notes(Objects(s3), settings.models_bucket),
        ),
        work_of=work_of,
        answers_of=_answers(settings),
        clock=now_micros,
        most=settings.most_tasks,
    )


def _answers(settings: TransformsSettings) -> Callable[[TransformJob, Work], ModelAnswers]:
    """What opens a job's model, over the stores that endpoints read too."""
    plane = open_data_plane(settings)
    endpoint = service_endpoint("s3", settings.region, settings.partition)
    artefacts = S3Artefacts(
        SignedHttp(endpoint, "s3", credentials_from(), SECONDS), settings.models_bucket
    )
    models = Residence(NativeRuntimes(), artefacts, settings.models_bytes)

    def answers_of(job: TransformJob, work: Work) -> ModelAnswers:
        invoker = Invoker(
            endpoints=DynamoEndpoints(plane.dynamodb, settings.registry_table),
            reader=plane.reader,
            models=models,
            account_id=settings.account_id,
            store_seconds=min(float(work.seconds), _MOST_STORE_SECONDS),
        )
        return ModelAnswers.opened(invoker, job.model, work)

    return answers_of


def open_machine(machine_arn: str) -> StepFunctionsJobs:
    """What begins transform jobs by the machine of that ARN."""
    client = boto3.client("stepfunctions", config=background(read_seconds=5.0))
    return StepFunctionsJobs(StateMachine(client, machine_arn))
