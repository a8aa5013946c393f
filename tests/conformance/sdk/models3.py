"""The ``sagemaker`` SDK, version 3 (sagemaker-core): a model, its endpoint, and the call."""

from sagemaker.core.resources import Endpoint, EndpointConfig, Model
from sagemaker.core.shapes import (
    BlueGreenUpdatePolicy,
    CapacitySize,
    ContainerDefinition,
    DeploymentConfig,
    ProductionVariant,
    TrafficRoutingConfig,
)

from tests.conformance.sdk.story import settings, tell, until


class Context:
    def __init__(self, told):
        self.told = told
        self.name = told["name"]

    def make(self, which):
        name = f"{self.name}-{which}"
        Model.create(
            model_name=name,
            primary_container=ContainerDefinition(
                image=self.told["image"], model_data_url=self.told["data"][which]
            ),
            execution_role_arn=self.told["role"],
        )
        variant = ProductionVariant(
            variant_name="AllTraffic",
            model_name=name,
            initial_instance_count=1,
            instance_type="ml.m5.large",
            initial_variant_weight=1.0,
        )
        EndpointConfig.create(endpoint_config_name=name, production_variants=[variant])
        return name

    @property
    def endpoint(self):
        return Endpoint.get(endpoint_name=self.name)

    def scores(self):
        answer = self.endpoint.invoke(
            body=self.told["rows"], content_type="text/csv", accept="text/csv"
        )
        body = answer.body
        text = body.read().decode() if hasattr(body, "read") else body
        return [float(line) for line in text.split()]


def create(c):
    config = c.make("first")
    endpoint = Endpoint.create(endpoint_name=c.name, endpoint_config_name=config)
    endpoint.wait_for_status("InService", timeout=120)
    return endpoint.endpoint_status, c.scores()


def get_all(c):
    models = [each.model_name for each in Model.get_all(name_contains=c.name)]
    endpoints = [each.endpoint_name for each in Endpoint.get_all(name_contains=c.name)]
    return models, endpoints


def update(c):
    endpoint = c.endpoint
    endpoint.endpoint_config_name = c.make("second")
    endpoint.update()
    endpoint.wait_for_status("InService", timeout=120)
    return until(c.scores, c.told["scores"]["second"], 60)


def update_by_steps(c):
    endpoint = c.endpoint
    endpoint.endpoint_config_name = f"{c.name}-first"
    half = CapacitySize(type="CAPACITY_PERCENT", value=50)
    routing = TrafficRoutingConfig(type="LINEAR", wait_interval_in_seconds=2, linear_step_size=half)
    policy = BlueGreenUpdatePolicy(traffic_routing_configuration=routing)
    endpoint.update(deployment_config=DeploymentConfig(blue_green_update_policy=policy))
    pending = c.endpoint.pending_deployment_summary.endpoint_config_name
    endpoint.wait_for_status("InService", timeout=120)
    return pending, until(c.scores, c.told["scores"]["first"], 60)


def invoke_with_response_stream(c):
    try:
        c.endpoint.invoke_with_response_stream(body=c.told["rows"], content_type="text/csv")
    except Exception as error:
        return type(error).__name__, str(error)
    return None


def delete(c):
    endpoint = c.endpoint
    endpoint.delete()
    endpoint.wait_for_delete(timeout=120)
    for which in ("first", "second"):
        EndpointConfig.get(endpoint_config_name=f"{c.name}-{which}").delete()
        Model.get(model_name=f"{c.name}-{which}").delete()
    return [list(each.get_all(name_contains=c.name)) for each in (Model, EndpointConfig, Endpoint)]


STEPS = [create, get_all, update, update_by_steps, invoke_with_response_stream, delete]

if __name__ == "__main__":
    told, path = settings()
    tell(STEPS, Context(told), path)
