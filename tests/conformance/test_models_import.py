"""What CreateModel takes in, and what it refuses."""

import io
import pickle
import tarfile

import numpy as np
import pytest

from tests.conformance.model_store import IMAGE, OWN_IMAGE, ROWS, variant
from tests.conformance.refusals import refusal
from tests.support import boosters
from tests.support.artefacts import lightgbm_model, linear
from tests.support.model_files import as_json, old_binary, packed, special

FIVE = ROWS[:5]
OWN = boosters.predict(boosters.booster(), FIVE)


def refused(models, data="", **container):
    """The text in which CreateModel refuses an artefact."""
    members = models.request(data or models.archive(), **container)
    error = refusal(models.sm.create_model, ModelName=models.names("model"), **members).response
    assert error["Error"]["Code"] == "ValidationException"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    return error["Error"]["Message"]


def served(models, name):
    return models.scores(models.serve(variant(name)))


@pytest.mark.parametrize("form", ["gzip", "folder", "file"])
def test_row_211_a_source_of_any_form_serves_the_same(models, form):
    uri, kind, compression = {
        "gzip": lambda: (models.archive(), "S3Object", "Gzip"),
        "folder": lambda: (models.put("m", boosters.ubj()).rpartition("/")[0], "S3Prefix", "None"),
        "file": lambda: (models.put("m", boosters.ubj()), "S3Object", "None"),
    }[form]()
    source = {"S3Uri": uri, "S3DataType": kind, "CompressionType": compression}
    model = models.model(ModelDataSource={"S3DataSource": source})
    assert served(models, model) == OWN


@pytest.mark.parametrize(
    "image",
    [
        IMAGE,
        "000000000000.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:1.7-1-cpu-py3",
        "433757028032.dkr.ecr.us-west-2.amazonaws.com/xgboost:latest",
    ],
)
def test_row_212_the_repository_of_the_image_says_what_runs(models, image):
    assert served(models, models.model(image=image)) == OWN


@pytest.mark.parametrize("name", ["sagemaker-scikit-learn", "my-own", "pytorch-inference"])
def test_row_212_an_image_of_another_repository_is_refused_in_words(models, name):
    text = refused(models, image=f"683313688378.dkr.ecr.us-east-1.amazonaws.com/{name}:1")
    assert name in text
    assert "skl2onnx" in text


@pytest.mark.parametrize("form", [boosters.ubj, as_json, old_binary])
def test_row_213_a_booster_of_any_form_predicts_alike(models, form):
    model = models.model(models.archive(("xgboost-model", form())))
    assert served(models, model) == OWN


@pytest.mark.parametrize("name", ["xgboost-model", "model.ubj", "model.pkl"])
def test_row_214_a_pickle_is_refused_with_the_line_that_saves_it_right(models, name):
    data = pickle.dumps({"a": np.zeros(3)})
    assert "save_model(" in refused(models, models.archive((name, data)))


@pytest.mark.parametrize("name", ["SAGEMAKER_PROGRAM", "SAGEMAKER_SUBMIT_DIRECTORY"])
def test_row_215_a_program_is_refused_with_the_cure(models, name):
    text = refused(models, Environment={name: "inference.py"})
    assert name in text
    assert "sagemaker.model.Model" in text


def test_row_215_code_in_the_archive_is_left_aside(models):
    code = (("code/inference.py", b"raise SystemExit"), ("setup.py", b"raise SystemExit"))
    data = models.archive(("xgboost-model", boosters.ubj()), *code)
    assert served(models, models.model(data)) == OWN


HOSTILE = {
    "a way out": lambda: packed(("../../etc/x", b"x"), ("m", boosters.ubj())),
    "an absolute name": lambda: packed(("/etc/x", b"x"), ("m", boosters.ubj())),
    "a link": lambda: packed(special("m", tarfile.SYMTYPE, "/etc/passwd")),
    "a hard link": lambda: packed(("a", b"x"), special("m", tarfile.LNKTYPE, "a")),
    "a device": lambda: packed(special("m", tarfile.CHRTYPE)),
    "a bomb": lambda: bomb(600),
}


def bomb(megabytes):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=1) as tar:
        info = tarfile.TarInfo("xgboost-model")
        info.size = megabytes * 2**20
        tar.addfile(info, Zeros(info.size))
    return raw.getvalue()


class Zeros(io.RawIOBase):
    """So many bytes of nothing."""

    def __init__(self, left):
        self.left = left

    def read(self, size=-1):
        size = min(size, self.left)
        self.left -= size
        return bytes(size)


@pytest.mark.parametrize("case", HOSTILE)
def test_row_216_a_hostile_archive_is_refused(models, case):
    assert "archive" in refused(models, models.put("model.tar.gz", HOSTILE[case]()))


@pytest.mark.parametrize("case", ["missing", "cut archive", "cut model", "empty", "no archive"])
def test_row_217_an_artefact_that_cannot_be_served_is_refused_with_the_reason(models, case):
    whole = packed(("xgboost-model", boosters.ubj()))
    data = {
        "cut archive": whole[: len(whole) // 2],
        "cut model": packed(("xgboost-model", boosters.ubj()[:2000])),
        "empty": b"",
        "no archive": boosters.ubj(),
    }
    uri = f"s3://{models.bucket}/model-data/none/model.tar.gz"
    if case in data:
        uri = models.put("model.tar.gz", data[case])
    assert len(refused(models, uri)) > 40


def test_row_218_231_an_artefact_overwritten_and_deleted_goes_on_serving(models):
    data = models.archive()
    model = models.model(data)
    name = models.serve(variant(model))
    key = data.split("/", 3)[3]
    models.s3.put_object(Bucket=models.bucket, Key=key, Body=b"other")
    assert models.scores(name) == OWN
    models.s3.delete_object(Bucket=models.bucket, Key=key)
    config = models.sm.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    models.sm.delete_endpoint_config(EndpointConfigName=config)
    models.sm.delete_model(ModelName=model)
    assert models.scores(name) == OWN


def test_row_219_several_boosters_are_a_mean_or_the_first(models):
    both = [(f"m{seed}", boosters.ubj(seed=seed)) for seed in (1, 2)]
    each = [boosters.predict(boosters.booster(seed=seed), FIVE) for seed in (1, 2)]
    data = models.archive(*both)
    assert served(models, models.model(data)) == pytest.approx(np.mean(each, axis=0), rel=1e-6)
    alone = models.model(data, Environment={"SAGEMAKER_INFERENCE_ENSEMBLE": "false"})
    assert served(models, alone) == each[0]


def test_row_219_of_labels_the_most_frequent_counts(models):
    softmax = [boosters.booster("multi:softmax", seed=seed) for seed in (1, 2, 3)]
    entries = [(f"m{n}", bytes(each.save_raw("ubj"))) for n, each in enumerate(softmax)]
    given = np.array([boosters.predict(each, FIVE) for each in softmax]).T
    votes = [[list(row).count(label) for label in range(3)] for row in given]
    clear = [n for n, each in enumerate(votes) if max(each) > 1]
    scores = served(models, models.model(models.archive(*entries)))
    assert clear
    assert [scores[n] for n in clear] == [float(np.argmax(votes[n])) for n in clear]


def test_row_220_one_of_containers_is_as_a_primary_container(models, store):
    container = {"Image": IMAGE, "ModelDataUrl": models.archive()}
    name = models.names("model")
    given = {"ModelName": name, "ExecutionRoleArn": store.role}
    models.sm.create_model(**given, Containers=[container])
    described = models.sm.describe_model(ModelName=name)
    assert described["Containers"] == [container]
    assert "PrimaryContainer" not in described
    assert served(models, name) == OWN
    two = given | {"ModelName": models.names("model"), "Containers": [container] * 2}
    text = refusal(models.sm.create_model, **two).response["Error"]["Message"]
    assert "exactly one of Containers" in text


@pytest.mark.parametrize("more", [{}, {"Environment": {"A": "1"}}])
def test_row_221_a_name_is_taken_whatever_the_body(models, regression, more):
    members = models.request(models.archive(), **more)
    error = refusal(models.sm.create_model, ModelName=regression, **members).response["Error"]
    arn = f"{models.prefix('model')}{regression.lower()}"
    assert error["Code"] == "ValidationException"
    assert f'Cannot create already existing model "{arn}"' in error["Message"]


@pytest.mark.parametrize("uri", ["s3://{}/offline/model.tar.gz", "s3://not-of-ours/model.tar.gz"])
def test_row_223_an_artefact_outside_the_readable_buckets_is_refused_by_name(models, uri):
    uri = uri.format(models.bucket)
    text = refused(models, uri)
    assert uri in text
    assert "model-data/" in text


@pytest.mark.parametrize("library", ["lightgbm", "onnx"])
def test_row_257_models_of_other_libraries_predict_as_their_packages(models, library):
    data = {
        "lightgbm": lambda: lightgbm_model().model_to_string().encode(),
        "onnx": lambda: linear()[1],
    }[library]()
    own = {
        "lightgbm": lambda: lightgbm_model().predict(FIVE),
        "onnx": lambda: linear()[0].predict(FIVE),
    }[library]()
    for image in (OWN_IMAGE, f"larder-{library}:1"):
        model = models.model(models.archive(("any-name", data)), image=image)
        answer = models.predictions(models.serve(variant(model)), FIVE.tolist())
        assert [each["score"] for each in answer] == pytest.approx(own.tolist(), abs=1e-5)
