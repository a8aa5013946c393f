"""MLflow's client for SageMaker, unmodified: see ``sdk/models_mlflow.py`` for what it does."""

import pytest

from tests.conformance.environments import tell

pytestmark = pytest.mark.timeout(900)  # it polls every five seconds, and twenty after an update
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/mlflow-pyfunc:3.17.2"


@pytest.fixture(scope="module")
def told(store, models, tmp_path_factory):
    region = models.sm.meta.region_name
    bucket = f"sagemaker-{region}-{store.account}"
    names = [each["Name"] for each in models.s3.list_buckets()["Buckets"]]
    if bucket not in names:
        models.s3.create_bucket(Bucket=bucket)
    settings = {
        "name": store.name("mlflow"),
        "image": IMAGE,
        "role": store.role,
        "bucket": bucket,
        "region": region,
    }
    directory = tmp_path_factory.mktemp("mlflow")
    return settings | {"steps": tell("mlflow", settings, directory, "models_")}


def near(values):
    return pytest.approx(values, abs=1e-5)


def test_row_222_234_a_model_is_deployed_and_predicts_as_its_library(gave):
    assert gave("create") == near(gave("save")["first"])


def test_row_222_columns_go_by_their_names(gave):
    assert gave("columns_in_another_order") == near(gave("save")["first"])


def test_row_234_a_deployment_is_listed_and_described(gave):
    assert gave("listed") == [True, "InService"]


def test_row_234_a_deployment_is_replaced(gave):
    assert gave("update_replace") == near(gave("save")["second"])


def test_row_234_a_variant_is_added_without_traffic(gave):
    weights, scores = gave("update_add")
    assert weights == [0.0, 1.0]
    assert scores == near(gave("save")["second"])


@pytest.mark.parametrize("flavor", ["lightgbm", "onnx"])
def test_row_222_other_flavors_predict_as_their_libraries(gave, flavor):
    assert gave("flavors")[flavor] == near(gave("save")[flavor])


def test_row_222_python_alone_is_refused_with_the_cure(gave):
    assert "mlflow.onnx, mlflow.xgboost or mlflow.lightgbm" in gave("python_function_alone")


def test_row_234_a_deployment_is_deleted(gave):
    assert gave("delete") is False
