"""A control plane of models for tests: its registry, an import and a warm-up that need no file."""

from larder.models.catalog import ModelCatalog
from larder.models.move_endpoint import Traffic
from larder.models.served import Contract, ModelArtefact, Runtime, ServedModel
from larder.testing.models import memory_model_registry
from tests.support.control import KEY_ARN, Clock, Uids
from tests.support.groups import HOME

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
CAPTURE_BELOW = ("s3://lake/", "s3://captures/")
ARTEFACT = "s3://lake/churn/model.tar.gz"


class Imports:
    """Takes in every model and remembers what it was asked; ``error`` is raised instead."""

    def __init__(self):
        self.requests = []
        self.error = None

    def __call__(self, request):
        self.requests.append(request)
        if self.error is not None:
            raise self.error
        return served_model(request.name, request.uid, request.image.contract)


class WarmUps:
    """Finds every endpoint well, unless there is a ``reason``; ``during`` is called meanwhile."""

    def __init__(self):
        self.endpoints = []
        self.reason = None
        self.during = lambda: None

    def __call__(self, endpoint):
        self.endpoints.append(endpoint)
        self.during()
        if isinstance(self.reason, Exception):
            raise self.reason
        return self.reason


class Alarms:
    """CloudWatch's alarms: each has the state that ``by_name`` says; ``error`` is raised instead."""

    def __init__(self):
        self.by_name = {}
        self.error = None

    def states(self, names):
        if self.error is not None:
            raise self.error
        return {name: self.by_name[name] for name in names if name in self.by_name}


class Machine:
    """Remembers which updates it was to begin; ``error`` is raised instead."""

    def __init__(self):
        self.begun = []
        self.error = None

    def start(self, endpoint, uid):
        if self.error is not None:
            raise self.error
        self.begun.append((endpoint, uid))


def served_model(name="churn", uid="uid1", contract=Contract.SAGEMAKER_XGBOOST):
    return ServedModel(
        name=name,
        uid=uid,
        runtime=Runtime.XGBOOST,
        contract=contract,
        artefacts=(ModelArtefact(sha256="ab" * 32, size=12),),
        width=3,
    )


def model_catalog(registry=None, **changes):
    """A catalog without any item; its import and warm-up are attributes of the values given."""
    values = {
        "registry": registry or memory_model_registry(),
        "home": HOME,
        "importer": Imports(),
        "warm_up": WarmUps(),
        "traffic": Traffic(Alarms(), Machine()),
        "clock": Clock(),
        "new_uid": Uids(),
        "kms_key_arn": KEY_ARN,
        "capture_below": CAPTURE_BELOW,
    }
    return ModelCatalog(**values | changes)


def variant(name="a", model="churn", **changes):
    """A production variant as a request has it."""
    values = {
        "VariantName": name,
        "ModelName": model,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
        "InitialVariantWeight": 1.0,
    }
    return {key: value for key, value in (values | changes).items() if value is not None}
