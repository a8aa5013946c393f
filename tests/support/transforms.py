"""Transform jobs in this process: moto's S3 and DynamoDB, and a machine that takes the steps."""

import json
import uuid

import boto3
import orjson

from lambdas.control.routes import create_handler
from lambdas.transforms.events import create_handler as create_steps
from larder.aws.dynamodb.boto import BotoDynamo
from larder.aws.s3_objects import Objects
from larder.models.adapters.dynamodb_models import dynamo_model_registry
from larder.models.served import Contract
from larder.telemetry.log import Log
from larder.transforms.adapters.dynamodb_jobs import DynamoJobs
from larder.transforms.adapters.s3_inputs import S3Inputs
from larder.transforms.adapters.s3_notes import S3Notes
from larder.transforms.adapters.s3_outputs import S3Outputs
from larder.transforms.api.answering import ModelAnswers
from larder.transforms.api.requests import work_of
from larder.transforms.manage_jobs import TransformJobs
from larder.transforms.run_job import JobRuns, Stores
from tests.support import boosters
from tests.support.control import Clock, control_plane
from tests.support.inference import Inference
from tests.support.model_registry import ARTEFACT, IMAGE, model_catalog
from tests.support.models import served_model
from tests.support.tables import create_registry_table

BUCKET = "lake"
PLACES = (f"s3://{BUCKET}/transforms/", "s3://other/")
AN_HOUR = 3_600.0


class Machine:
    """Takes the steps of a job as the state machine does, when a test says so.

    ``error`` is raised instead of beginning. ``call`` gets each step's event. With ``objects`` the
    steps are taken when a job begins.
    """

    def __init__(self):
        self.started, self.error, self.call, self.objects = [], None, None, None

    def start(self, name, uid):
        if self.error is not None:
            raise self.error
        self.started.append((name, uid))
        if self.objects is not None:
            self.run(name, uid, self.objects)

    def run(self, name, uid, objects):
        job = {"job": name, "uid": uid}
        plan = self.call({"step": "plan", **job})
        for task in self.manifest(plan, "tasks", objects):
            self.call({"step": "score", **job, "task": task})
        for first in self.manifest(plan, "joins", objects):
            self.call({"step": "join", **job, "first": first})
        return self.call({"step": "close", **job})

    @staticmethod
    def manifest(plan, name, objects):
        """What Plan wrote for a map to read."""
        return orjson.loads(objects.read(f"s3://{plan['bucket']}/{plan[name]}"))


class Jobs:
    """A control plane with transform jobs, and the function of their steps, over one moto."""

    def __init__(self, s3, booster=None, contract=Contract.SAGEMAKER_XGBOOST, *, inference=None):
        self.s3, self.clock = s3, Clock()
        for name in (BUCKET, "other"):
            s3.create_bucket(Bucket=name)
        dynamodb = boto3.client("dynamodb")
        create_registry_table(dynamodb, "registry")
        dynamo = BotoDynamo(dynamodb)
        self.store = DynamoJobs(dynamo, "registry")
        self.inference = inference or Inference()
        self.catalog = model_catalog(
            dynamo_model_registry(dynamo, "registry"), importer=self._import, clock=self.clock
        )
        self.booster, self.contract = booster or boosters.booster(), contract
        self.features = None
        self.machine = Machine()
        self.jobs = TransformJobs(self.store, self.catalog, self.machine, PLACES)
        self.control = create_handler(control_plane(), models=self.catalog, transforms=self.jobs)
        self.objects = Objects(boto3.client("s3"))
        notes = S3Notes(Objects(s3), BUCKET)
        stores = Stores(S3Inputs(s3, PLACES), S3Outputs(s3), notes)
        self.runs = JobRuns(
            jobs=self.store,
            stores=stores,
            work_of=work_of,
            answers_of=lambda job, work: ModelAnswers.opened(
                self.inference.invoker, job.model, work
            ),
            clock=self.clock,
            most=7,
        )
        self.lines = []
        steps = create_steps(self.runs, Log({}, self.lines.append))
        self.machine.call = lambda event: steps(json.loads(json.dumps(event)), lambda: AN_HOUR)

    def _import(self, request):
        artefact = self.inference.artefacts.add(bytes(self.booster.save_raw("ubj")))
        return served_model(
            name=request.name,
            uid=request.uid,
            contract=self.contract,
            artefacts=(artefact,),
            width=self.booster.num_features(),
            environment=dict(request.environment),
            features=self.features,
        )

    def make_model(self, sm, name="churn", **container):
        sm.create_model(
            ModelName=name,
            PrimaryContainer={"Image": IMAGE, "ModelDataUrl": ARTEFACT, **container},
        )
        return name

    def put(self, name, body, folder="transforms/in/"):
        self.s3.put_object(Bucket=BUCKET, Key=f"{folder}{name}", Body=body)

    def run(self, sm, **changes):
        """Create a job and take its steps; its description."""
        request = request_of(**changes)
        sm.create_transform_job(**request)
        name, uid = self.machine.started[-1]
        self.machine.run(name, uid, self.objects)
        return sm.describe_transform_job(TransformJobName=name)

    def outputs(self, prefix="transforms/out/"):
        s3 = self.objects.client
        found = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        return {
            each["Key"].removeprefix(prefix): s3.get_object(Bucket=BUCKET, Key=each["Key"])[
                "Body"
            ].read()
            for each in found
        }


def request_of(source=None, output=None, place=None, **members):
    """CreateTransformJob's members: CSV lines in and out, unless the changes say otherwise."""
    at = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/transforms/in/"} | (place or {})
    given = {"ContentType": "text/csv", "SplitType": "Line"} | (source or {})
    made = {"Accept": "text/csv", "AssembleWith": "Line"} | (output or {})
    return {
        "TransformJobName": f"job-{uuid.uuid4().hex[:8]}",
        "ModelName": "churn",
        "TransformInput": {
            "DataSource": {"S3DataSource": at},
            **{name: value for name, value in given.items() if value is not None},
        },
        "TransformOutput": {
            "S3OutputPath": f"s3://{BUCKET}/transforms/out/",
            **{name: value for name, value in made.items() if value is not None},
        },
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        **members,
    }


def csv(rows):
    """Rows of numbers as lines of CSV."""
    return "".join(",".join(map(str, map(float, row))) + "\n" for row in rows).encode()


def scores(rows, booster=None):
    """What a job writes for them."""
    predicted = boosters.predict(booster or boosters.booster(), rows)
    return "".join(f"{each}\n" for each in predicted).encode()
