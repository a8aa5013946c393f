"""Schedules of monitoring in this process: moto's S3 and DynamoDB, and exposures in DuckDB."""

import math
import uuid

import boto3

from lambdas.control.routes import create_handler
from larder.aws.dynamodb.boto import BotoDynamo
from larder.models.adapters.dynamodb_models import dynamo_model_registry
from larder.models.registry_items import Endpoint
from larder.monitoring.adapters.dynamodb_schedules import dynamo_watches
from larder.monitoring.adapters.s3_documents import S3Documents
from larder.monitoring.alerts import AlertBook
from larder.monitoring.baselines import Baselines
from larder.monitoring.manage_schedules import Monitoring
from larder.monitoring.rounds import Rounds
from larder.monitoring.run import Monitor
from tests.support.control import control_plane
from tests.support.model_registry import model_catalog
from tests.support.monitoring import Exposed, MemoryTrainingSets, endpoint, model
from tests.support.packages import model_package
from tests.support.tables import create_registry_table

BUCKET = "lake"
PLACES = (f"s3://{BUCKET}/monitoring/", f"s3://{BUCKET}/transforms/", "s3://theirs/")
ROLE = "arn:aws:iam::123456789012:role/monitor"
HOUR = 3_600 * 1_000_000
START = 1_795_000_000_000_000 // (24 * HOUR) * (24 * HOUR)
PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/7"


class World:
    """A control plane and the rounds of monitoring, with an endpoint ``scoring`` of a package.

    ``now`` is the time of both, in microseconds: ten past noon at first.
    """

    def __init__(self, s3, sets, package=None):
        self.s3, self.now = s3, START + 12 * HOUR + HOUR // 6
        for name in (BUCKET, "theirs"):
            s3.create_bucket(Bucket=name)
        dynamodb = boto3.client("dynamodb")
        create_registry_table(dynamodb, "registry")
        dynamo = BotoDynamo(dynamodb)
        self.registry = dynamo_model_registry(dynamo, "registry")
        self.registry.packages.create(model_package("churn/7", **package or {}))
        served = endpoint(model("share", "delay", package=PACKAGE))
        self.registry.endpoints.create(
            Endpoint(name="scoring", uid="e", created=START, changed=START, served=served)
        )
        self.exposed, documents = Exposed(), S3Documents(s3, BUCKET, PLACES)
        watches = dynamo_watches(dynamo, "registry")
        catalog = model_catalog(self.registry, clock=self.clock)
        self.control = create_handler(
            control_plane(),
            models=catalog,
            monitoring=lambda: Monitoring(watches, catalog, documents, PLACES),
        )
        baselines = Baselines(
            documents=documents, sets=MemoryTrainingSets(**sets), clock=self.clock
        )
        self.rounds = Rounds(
            registry=self.registry,
            monitor=Monitor(self.exposed, "larder_dev", baselines),
            baselines=baselines,
            documents=documents,
            alerts=AlertBook(documents=documents, stage="dev"),
            watches=watches,
            clock=self.clock,
        )

    def clock(self):
        return self.now

    def go(self, hours=0.0):
        """So much later, one round of monitoring."""
        self.now += int(hours * HOUR)
        return self.rounds.go(lambda: math.inf)

    def put(self, key, body, bucket=BUCKET):
        self.s3.put_object(Bucket=bucket, Key=key, Body=body)
        return f"s3://{bucket}/{key}"

    def keys(self, prefix, bucket=BUCKET):
        listed = self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        return [each["Key"].removeprefix(prefix) for each in listed]


def definition_request(name="quality", baseline=None, endpoint="scoring", **members):
    """CreateDataQualityJobDefinition's members, as the SDK's DefaultModelMonitor sends them."""
    source = {
        "EndpointName": endpoint,
        "LocalPath": "/opt/ml/processing/input/endpoint",
        "S3InputMode": "File",
        "S3DataDistributionType": "FullyReplicated",
    }
    output = {
        "S3Uri": f"s3://{BUCKET}/transforms/reports",
        "LocalPath": "/opt/ml/processing/output",
        "S3UploadMode": "Continuous",
    }
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 20}
    given = {} if baseline is None else {"DataQualityBaselineConfig": baseline}
    return {
        "JobDefinitionName": name,
        **given,
        "DataQualityAppSpecification": {
            "ImageUri": "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-"
            "analyzer"
        },
        "DataQualityJobInput": {"EndpointInput": source},
        "DataQualityJobOutputConfig": {"MonitoringOutputs": [{"S3Output": output}]},
        "JobResources": {"ClusterConfig": cluster},
        "RoleArn": ROLE,
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        **members,
    }


def schedule_request(name=None, expression="cron(0 * ? * * *)", definition="quality", **times):
    """CreateMonitoringSchedule's members, likewise."""
    return {
        "MonitoringScheduleName": name or f"s-{uuid.uuid4().hex[:8]}",
        "MonitoringScheduleConfig": {
            "ScheduleConfig": {"ScheduleExpression": expression, **times},
            "MonitoringJobDefinitionName": definition,
            "MonitoringType": "DataQuality",
        },
    }
