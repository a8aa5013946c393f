"""MLflow's client for SageMaker: models of its flavors created, updated, called and deleted."""

import tempfile
from pathlib import Path

import lightgbm
import mlflow.lightgbm
import mlflow.onnx
import mlflow.sklearn
import mlflow.xgboost
import numpy
import pandas
import xgboost
from mlflow.deployments import get_deploy_client
from onnx import TensorProto, helper
from sklearn.linear_model import LinearRegression

from tests.conformance.sdk.story import settings, tell

NAMES = ["a", "b", "c"]
SAVE = {"pip_requirements": ["mlflow"]}  # else it installs them to see what they are


class Context:
    def __init__(self, told):
        self.told = told
        self.name = told["name"]
        self.client = get_deploy_client(f"sagemaker:/{told['region']}")
        self.folder = Path(tempfile.mkdtemp())
        values = numpy.random.default_rng(3).normal(size=(200, 3)).astype("f4")
        self.rows = pandas.DataFrame(values, columns=NAMES)
        self.sums = values @ numpy.array([1, 2, 3], "f4")
        self.own = {}

    def config(self, **more):
        return {
            "image_url": self.told["image"],
            "bucket": self.told["bucket"],
            "execution_role_arn": self.told["role"],
            "region_name": self.told["region"],
            "instance_type": "ml.m5.large",
            "instance_count": 1,
            "timeout_seconds": 300,
            **more,
        }

    def create(self, flavor, name=None):
        self.client.create_deployment(
            name or f"{self.name}-{flavor}", str(self.folder / flavor), config=self.config()
        )

    def update(self, flavor, mode, **more):
        config = self.config(mode=mode, **more)
        self.client.update_deployment(self.name, str(self.folder / flavor), config=config)

    def scores(self, name=None, columns=NAMES):
        answer = self.client.predict(name or self.name, self.rows[columns].head(5))
        return numpy.asarray(answer.get_predictions(), "f8").ravel().tolist()


def booster(c, rounds):
    matrix = xgboost.DMatrix(c.rows, c.sums)
    return xgboost.train({"objective": "reg:squarederror", "nthread": 1}, matrix, rounds)


def save(c):
    for name, rounds in (("first", 3), ("second", 6)):
        made = booster(c, rounds)
        mlflow.xgboost.save_model(made, c.folder / name, **SAVE)
        c.own[name] = made.predict(xgboost.DMatrix(c.rows.head(5))).astype(float).tolist()
    made = lightgbm.train({"verbosity": -1}, lightgbm.Dataset(c.rows, c.sums), 3)
    mlflow.lightgbm.save_model(made, c.folder / "lightgbm", **SAVE)
    c.own["lightgbm"] = made.predict(c.rows.head(5)).tolist()
    mlflow.onnx.save_model(linear(), c.folder / "onnx", **SAVE)
    c.own["onnx"] = c.sums[:5].astype(float).tolist()
    model = LinearRegression().fit(c.rows, c.sums)
    mlflow.sklearn.save_model(model, c.folder / "sklearn", **SAVE)
    return c.own


def linear():
    """y = a + 2 b + 3 c."""
    weights = helper.make_tensor("w", TensorProto.FLOAT, [3, 1], [1.0, 2.0, 3.0])
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])],
        [weights],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def create(c):
    c.create("first", c.name)
    return c.scores()


def columns_in_another_order(c):
    return c.scores(columns=["c", "a", "b"])


def listed(c):
    found = [each["EndpointName"] for each in c.client.list_deployments()]
    return c.name in found, c.client.get_deployment(c.name)["EndpointStatus"]


def update_replace(c):
    c.update("second", "replace", archive=False)
    return c.scores()


def update_add(c):
    c.update("first", "add", archive=True)
    described = c.client.get_deployment(c.name)
    weights = sorted(each["CurrentWeight"] for each in described["ProductionVariants"])
    return weights, c.scores()


def flavors(c):
    told = {}
    for flavor in ("lightgbm", "onnx"):
        c.create(flavor)
        told[flavor] = c.scores(f"{c.name}-{flavor}")
    return told


def python_function_alone(c):
    try:
        c.create("sklearn")
    except Exception as error:
        return str(error)
    return None


def delete(c):
    c.client.delete_deployment(c.name, config=c.config(archive=False))
    return c.name in [each["EndpointName"] for each in c.client.list_deployments()]


STEPS = [
    save,
    create,
    columns_in_another_order,
    listed,
    update_replace,
    update_add,
    flavors,
    python_function_alone,
    delete,
]

if __name__ == "__main__":
    told, path = settings()
    tell(STEPS, Context(told), path)
