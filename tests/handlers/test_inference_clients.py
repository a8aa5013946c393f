"""The inference function behind an unmodified boto3 client of ``sagemaker-runtime``."""

import json

import pytest

from larder.models.served import Contract, Runtime
from larder.wiring.model_runtimes import NativeRuntimes
from tests.handlers.test_inference import expected
from tests.support import artefacts
from tests.support.boosters import booster, data, predict, ubj
from tests.support.doors import bound_client
from tests.support.inference import Inference


@pytest.fixture(scope="module")
def served():
    """What the client of this module talks to; each test sets it."""
    return {}


@pytest.fixture(scope="module")
def client(served):
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "testing")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")

        def handler(event, context):
            return served["made"].handler(event, context)

        yield bound_client("sagemaker-runtime", handler)


@pytest.fixture
def xgboost(served):
    made = served["made"] = Inference(runtimes=NativeRuntimes())
    model = made.model(ubj(), width=3, contract=Contract.SAGEMAKER_XGBOOST)
    made.serve(model)
    return made


def test_without_content_type_and_accept_libsvm_comes_in_and_csv_goes_out(client, xgboost):
    answer = client.invoke_endpoint(EndpointName="scoring", Body=b"0:1 1:2\n0:3 2:1\n")
    nan = float("nan")
    wanted = f"{expected(1, 2, nan)}\n{expected(3, nan, 1)}\n"
    assert answer["Body"].read().decode() == wanted
    assert answer["ContentType"] == "text/csv"
    assert answer["InvokedProductionVariant"] == "AllTraffic"


def test_csv_and_json_as_the_sdks_serializers_send_them(client, xgboost):
    rows = data()[0][:5]
    body = "\n".join(",".join(map(str, row.tolist())) for row in rows)
    wanted = predict(booster(), rows)
    answer = client.invoke_endpoint(
        EndpointName="scoring", Body=body, ContentType="text/csv", Accept="application/json"
    )
    assert json.load(answer["Body"]) == {"predictions": [{"score": each} for each in wanted]}
    body = json.dumps({"instances": rows.astype(float).tolist()})
    answer = client.invoke_endpoint(
        EndpointName="scoring", Body=body.encode(), ContentType="application/json"
    )
    assert json.load(answer["Body"]) == {"predictions": [{"score": each} for each in wanted]}


def test_a_model_error_has_its_members_at_the_top(client, xgboost):
    with pytest.raises(client.exceptions.ModelError) as error:
        client.invoke_endpoint(EndpointName="scoring", Body="1,2,3,4", ContentType="text/csv")
    response = error.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert response["OriginalStatusCode"] == 400
    assert response["OriginalMessage"].startswith("Unable to evaluate payload provided: ")
    assert response["LogStreamArn"].startswith("arn:aws:logs:us-east-1:123456789012:log-group:")
    assert 'Received client error (400) from primary with message "Unable' in str(error.value)
    assert "in account 123456789012 for more information." in str(error.value)


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"ContentType": "application/xml"}, 415),
        ({"ContentType": "text/csv", "Accept": "text/html"}, 406),
        ({"ContentType": "text/csv", "Body": b""}, 400),
        ({"ContentType": "text/csv", "Body": b"a,b,c"}, 415),
    ],
)
def test_statuses_of_the_container(client, xgboost, more, status):
    with pytest.raises(client.exceptions.ModelError) as error:
        client.invoke_endpoint(**{"EndpointName": "scoring", "Body": b"1,2,3"} | more)
    assert error.value.response["OriginalStatusCode"] == status


def test_other_operations_and_unknown_endpoints_are_typed_validation_errors(client, xgboost):
    with pytest.raises(client.exceptions.ValidationError, match="use a transform job"):
        client.invoke_endpoint_async(EndpointName="scoring", InputLocation="s3://b/k")
    with pytest.raises(client.exceptions.ValidationError, match="use InvokeEndpoint"):
        client.invoke_endpoint_with_response_stream(EndpointName="scoring", Body=b"1")
    with pytest.raises(
        client.exceptions.ValidationError, match="Endpoint no of account 123456789012 not found"
    ):
        client.invoke_endpoint(EndpointName="no", Body=b"1")


def test_a_labelled_output_as_the_environment_selects_it(client, served):
    made = served["made"] = Inference()
    chosen = {"SAGEMAKER_INFERENCE_OUTPUT": "predicted_label,probability"}
    made.serve(
        made.model(
            ubj("binary:logistic"), width=3, contract=Contract.SAGEMAKER_XGBOOST, environment=chosen
        )
    )
    answer = client.invoke_endpoint(EndpointName="scoring", Body="1,2,3", ContentType="text/csv")
    [score] = predict(booster("binary:logistic"), [[1, 2, 3]])
    assert answer["Body"].read().decode() == f"{int(score > 0.5)},{score}"


@pytest.mark.parametrize("runtime", [Runtime.ONNX, Runtime.LIGHTGBM])
def test_models_of_other_libraries(client, served, runtime):
    made = served["made"] = Inference(runtimes=NativeRuntimes())
    file = artefacts.linear()[1]
    if runtime is Runtime.LIGHTGBM:
        file = artefacts.lightgbm_model().model_to_string().encode()
    made.serve(made.model(file, width=3, runtime=runtime, contract=Contract.LARDER))
    body = json.dumps({"instances": [[1, 2, 3], [1, None, 3], [1, 2]]})
    answer = client.invoke_endpoint(EndpointName="scoring", Body=body)
    one, two, three = json.load(answer["Body"])["predictions"]
    wanted = {
        Runtime.ONNX: lambda: artefacts.linear()[0].predict([[1, 2, 3]])[0],
        Runtime.LIGHTGBM: lambda: artefacts.lightgbm_model().predict([[1, 2, 3]])[0],
    }[runtime]()
    assert one["score"] == pytest.approx(wanted, abs=1e-5)
    assert ("error" in two) is (runtime is Runtime.ONNX)  # it is not known to take NaN
    assert "has 2 values, the model takes 3" in three["error"]["message"]


def test_mlflows_own_request(client, served):
    made = served["made"] = Inference()
    made.serve(made.model(ubj(), width=3, contract=Contract.MLFLOW))
    frame = {"columns": ["a", "b", "c"], "index": [0], "data": [[1.0, 2.0, 3.0]]}
    answer = client.invoke_endpoint(
        EndpointName="scoring",
        Body=json.dumps({"dataframe_split": frame}),
        ContentType="application/json",
    )
    assert json.load(answer["Body"]) == {"predictions": [{"score": expected(1, 2, 3)}]}
