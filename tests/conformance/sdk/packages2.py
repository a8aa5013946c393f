"""The ``sagemaker`` SDK, version 2: a model registered, approved, annotated and deployed."""

from sagemaker.deserializers import CSVDeserializer
from sagemaker.model import Model
from sagemaker.predictor import Predictor
from sagemaker.serializers import CSVSerializer
from sagemaker.session import Session

from tests.conformance.sdk.story import settings, tell

SOON = {"Delay": 1, "MaxAttempts": 120}


class Context:
    def __init__(self, told):
        self.told = told
        self.session = Session()
        self.sm = self.session.sagemaker_client
        self.name = told["name"]
        self.packages = []

    def register(self, **more):
        model = Model(
            image_uri=self.told["image"],
            model_data=self.told["data"],
            role=self.told["role"],
            sagemaker_session=self.session,
        )
        self.packages.append(
            model.register(
                content_types=["text/csv"],
                response_types=["text/csv"],
                inference_instances=["ml.m5.large"],
                transform_instances=["ml.m5.large"],
                model_package_group_name=self.name,
                **more,
            )
        )
        return self.packages[-1]

    def described(self):
        return self.sm.describe_model_package(ModelPackageName=self.packages[0].model_package_arn)


def register(c):
    """The group does not exist before: the SDK searches for it and makes it."""
    package = c.register(customer_metadata_properties={"team": "risk", "old": "1"})
    found = c.described()
    arn = package.model_package_arn.rpartition("/")[0].rpartition("/")[2]
    return arn, found["ModelPackageVersion"], found["ModelApprovalStatus"]


def register_again(c):
    package = c.register(approval_status="Approved")
    return package.model_package_arn.rpartition("/")[2]


def update_approval_status(c):
    c.packages[0].update_approval_status("Approved", "it is good")
    found = c.described()
    return found["ModelApprovalStatus"], found["ApprovalDescription"]


def update_customer_metadata(c):
    c.packages[0].update_customer_metadata({"team": "fraud", "new": "2"})
    return c.described()["CustomerMetadataProperties"]


def remove_customer_metadata_properties(c):
    c.packages[0].remove_customer_metadata_properties(["old"])
    return c.described()["CustomerMetadataProperties"]


def deploy(c):
    package = c.packages[0]
    package.deploy(
        initial_instance_count=1,
        instance_type="ml.m5.large",
        endpoint_name=c.name,
        wait=False,
    )
    c.sm.get_waiter("endpoint_in_service").wait(EndpointName=c.name, WaiterConfig=SOON)
    predictor = Predictor(c.name, c.session, CSVSerializer(), CSVDeserializer())
    return [float(value) for row in predictor.predict(c.told["rows"]) for value in row]


def deploy_what_is_not_approved(c):
    """The SDK approves the version itself before it makes a model of it."""
    package = c.register()
    package.deploy(
        initial_instance_count=1,
        instance_type="ml.m5.large",
        endpoint_name=f"{c.name}-unapproved",
        wait=False,
    )
    found = c.sm.describe_model_package(ModelPackageName=package.model_package_arn)
    return found["ModelApprovalStatus"]


STEPS = [
    register,
    register_again,
    update_approval_status,
    update_customer_metadata,
    remove_customer_metadata_properties,
    deploy,
    deploy_what_is_not_approved,
]

if __name__ == "__main__":
    told, path = settings()
    tell(STEPS, Context(told), path)
