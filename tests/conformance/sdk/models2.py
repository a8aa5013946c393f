"""The ``sagemaker`` SDK, version 2: a model deployed, called, updated and deleted."""

from sagemaker.deserializers import CSVDeserializer
from sagemaker.exceptions import UnexpectedStatusException
from sagemaker.model import Model
from sagemaker.predictor import Predictor
from sagemaker.serializers import CSVSerializer
from sagemaker.session import Session, production_variant

from tests.conformance.sdk.story import settings, tell, until

SOON = {"Delay": 1, "MaxAttempts": 120}


class Context:
    def __init__(self, told):
        self.told = told
        self.session = Session()
        self.sm = self.session.sagemaker_client
        self.name = told["name"]
        self.predictor = self.calling(self.name)

    def model(self, which):
        return Model(
            image_uri=self.told["image"],
            model_data=self.told["data"][which],
            role=self.told["role"],
            name=f"{self.name}-{which}",
            sagemaker_session=self.session,
        )

    def calling(self, endpoint):
        return Predictor(endpoint, self.session, CSVSerializer(), CSVDeserializer())

    def deploy(self, which, endpoint, **more):
        self.model(which).deploy(
            initial_instance_count=1,
            instance_type="ml.m5.large",
            endpoint_name=endpoint,
            **more,
        )

    def in_service(self, endpoint):
        self.sm.get_waiter("endpoint_in_service").wait(EndpointName=endpoint, WaiterConfig=SOON)

    def scores(self, predictor, **more):
        answer = predictor.predict(self.told["rows"], **more)
        return [float(value) for row in answer for value in row]


def deploy(c):
    c.deploy("first", c.name, wait=False)
    c.in_service(c.name)
    return c.scores(c.predictor)


def deploy_a_model_of_a_name_that_is_taken(c):
    name = f"{c.name}-again"
    c.deploy("first", name, wait=False)
    c.in_service(name)
    return c.scores(c.calling(name))


def update_endpoint(c):
    c.model("second").create(instance_type="ml.m5.large")
    c.predictor.update_endpoint(
        initial_instance_count=1,
        instance_type="ml.m5.large",
        model_name=f"{c.name}-second",
        wait=False,
    )
    c.in_service(c.name)
    return until(lambda: c.scores(c.predictor), c.told["scores"]["second"], 60)


def predict_stream(c):
    try:
        next(iter(c.predictor.predict_stream(c.told["rows"])))
    except Exception as error:
        return type(error).__name__, str(error)
    return None


def two_variants(c):
    name = f"{c.name}-ab"
    variants = [
        production_variant(f"{c.name}-{which}", "ml.m5.large", 1, which, weight)
        for which, weight in (("first", 90), ("second", 10))
    ]
    c.session.endpoint_from_production_variants(name, variants, wait=False)
    c.in_service(name)
    predictor, one = c.calling(name), c.told["rows"].split("\n")[0]

    def score(unit):
        return float(predictor.predict(one, initial_args={"SessionId": unit})[0][0])

    return [[score(f"u{unit}") for _ in range(3)] for unit in range(40)]


def deploy_and_wait_for_a_model_that_does_not_load(c):
    try:
        c.deploy("broken", f"{c.name}-broken", wait=True)
    except UnexpectedStatusException as error:
        return error.actual_status, str(error)
    return None


def delete(c):
    c.predictor.delete_endpoint()
    c.model("second").delete_model()
    found = c.sm.list_endpoints(NameContains=c.name)["Endpoints"]
    models = c.sm.list_models(NameContains=c.name)["Models"]
    configs = c.sm.list_endpoint_configs(NameContains=c.name)["EndpointConfigs"]
    return (
        c.name in [each["EndpointName"] for each in found],
        f"{c.name}-second" in [each["ModelName"] for each in models],
        [each["EndpointConfigName"] for each in configs],
    )


def predict_after_it(c):
    def said():
        try:
            return c.scores(c.predictor)
        except c.session.sagemaker_runtime_client.exceptions.ValidationError as error:
            return "not found" in str(error)

    return until(said, True, c.told["settings_seconds"])


STEPS = [
    deploy,
    deploy_a_model_of_a_name_that_is_taken,
    update_endpoint,
    predict_stream,
    two_variants,
    deploy_and_wait_for_a_model_that_does_not_load,
    delete,
    predict_after_it,
]

if __name__ == "__main__":
    told, path = settings()
    tell(STEPS, Context(told), path)
