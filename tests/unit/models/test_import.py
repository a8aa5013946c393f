"""Models are taken in as they are served, in a process that a hostile file may end."""

import gzip
import pickle
import tarfile
from contextlib import contextmanager

import boto3
import numpy as np
import onnx
import orjson
import pytest
from moto import mock_aws

from larder.access.rules import AccessRules
from larder.errors import AccessForbidden, ValidationError
from larder.models.adapters.inspection_process import InspectionProcess
from larder.models.adapters.s3_imports import S3Artefacts, S3ModelStore
from larder.models.images import image_of
from larder.models.import_model import ModelImport
from larder.models.import_request import ImportRequest, Source, SourceForm
from larder.models.served import Contract, Runtime
from larder.wiring import model_inspection
from tests.support import boosters
from tests.support.artefacts import lightgbm_model, linear, onnx_forest, text_and_number
from tests.support.control import control_plane, group_spec
from tests.support.groups import HOME
from tests.support.model_files import as_json, mlmodel, old_binary, packed, special
from tests.support.model_registry import IMAGE

ANN, EVE = (f"arn:aws:iam::123456789012:role/{name}" for name in ("ann", "eve"))
SPEC = {
    "version": 1,
    "inputs": [
        {"name": "a", "source": "request", "type": "Fractional"},
        {"name": "b", "source": "request", "type": "Fractional"},
        {"name": "clicks", "feature_group": "customers", "missing": {"default": 0}},
    ],
}


class World:
    """A bucket that is readable, another that is not, and the import."""

    def __init__(self, tmp_path):
        self.s3 = boto3.client("s3")
        for bucket in ("lake", "platform", "secret"):
            self.s3.create_bucket(Bucket=bucket)
        self.groups = control_plane().groups
        self.places = iter(range(100))
        self.root = tmp_path

        @contextmanager
        def workplace():
            folder = tmp_path / str(next(self.places))
            folder.mkdir()
            yield folder

        self.importer = ModelImport(
            source=S3Artefacts(self.s3, ("s3://lake/",)),
            inspector=InspectionProcess(
                model_inspection.__name__, seconds=60, memory_bytes=4 * 2**30
            ),
            store=S3ModelStore(self.s3, "platform", "models/"),
            groups=self.groups.registry,
            rules=AccessRules(HOME),
            workplace=workplace,
        )

    def put(self, key, body, bucket="lake"):
        return self.s3.put_object(Bucket=bucket, Key=key, Body=body)["ETag"]

    def run(self, uri="s3://lake/model.tar.gz", form=SourceForm.ARCHIVE, **changes):
        values = {
            "name": "m",
            "uid": "u",
            "image": image_of(changes.pop("image", IMAGE)),
            "source": Source(uri=uri, form=form, etag=changes.pop("etag", None)),
        }
        return self.importer(ImportRequest(**values | changes))

    def kept(self, model):
        """The bytes that endpoints read, which are named by their SHA-256."""
        return [
            self.s3.get_object(Bucket="platform", Key=f"models/{each.sha256}")["Body"].read()
            for each in model.artefacts
        ]


@pytest.fixture
def world(tmp_path):
    with mock_aws():
        yield World(tmp_path)


def scores(artefact):
    rows, _ = boosters.data()
    return boosters.predict(boosters.xgboost.Booster(model_file=bytearray(artefact)), rows)


OWN = {"ubj": boosters.ubj, "json": as_json, "old binary": old_binary}


@pytest.mark.parametrize("form", OWN)
def test_a_booster_in_any_form_is_kept_in_one_that_scores_alike(world, form):
    world.put("model.tar.gz", packed(("./xgboost-model", OWN[form]())))
    model = world.run()

    (kept,) = world.kept(model)
    rows, _ = boosters.data()
    assert scores(kept) == boosters.predict(boosters.booster(), rows)
    assert (model.runtime, model.width) == (Runtime.XGBOOST, 3)
    assert model.artefacts[0].size == len(kept)
    assert form != "old binary" or kept.startswith(b"{L")


OTHERS = {
    Runtime.LIGHTGBM: lambda: lightgbm_model().model_to_string().encode(),
    Runtime.ONNX: lambda: linear()[1],
}


@pytest.mark.parametrize("image", ["larder", "larder-{}"])
@pytest.mark.parametrize("runtime", OTHERS)
def test_models_of_the_other_libraries_are_told_by_their_content(world, runtime, image):
    data = OTHERS[runtime]()
    world.put("model.tar.gz", packed(("any-name", data)))
    model = world.run(image=f"{image.format(runtime)}:1")

    assert (model.runtime, model.width) == (runtime, 3)
    assert world.kept(model) == [data]
    with pytest.raises(ValidationError, match=f"name the image larder-{runtime}"):
        world.run()


# MLflow


def logged(text, *entries):
    return packed(
        ("./MLmodel", text),
        ("./conda.yaml", b"dependencies: []"),
        ("./python_env.yaml", b"x"),
        ("./code/mine.py", b"raise SystemExit"),
        *entries,
    )


MLFLOW = "683313688378.dkr.ecr.us-east-1.amazonaws.com/mlflow-pyfunc:3.17.2"
FLAVORS = {
    "xgboost": ({"data": "model.ubj", "model_class": "xgboost.core.Booster"}, boosters.ubj),
    "onnx": ({"data": "./model.onnx"}, OTHERS[Runtime.ONNX]),
    "lightgbm": (
        {"data": "files/model.lgb", "model_class": "lightgbm.basic.Booster"},
        OTHERS[Runtime.LIGHTGBM],
    ),
}


@pytest.mark.parametrize("name", FLAVORS)
def test_of_a_model_of_mlflow_the_flavors_own_file_is_served(world, name):
    flavor, data = FLAVORS[name]
    entries = [(flavor["data"], data()), ("model.pkl", b"\x80\x04never read")]
    world.put("model.tar.gz", logged(mlmodel(**{name: flavor}), *entries))
    model = world.run(image=MLFLOW)

    assert (model.runtime, model.contract) == (Runtime(name), Contract.MLFLOW)
    assert world.kept(model) == [data()]
    own = tuple(f"Column_{place}" for place in range(3)) if name == "lightgbm" else None
    assert model.columns == (own or ("a", "b", "c"))


def test_of_several_flavors_the_first_that_is_served_counts(world):
    flavors = {name: flavor for name, (flavor, _) in reversed(FLAVORS.items())}
    entries = [(flavor["data"], data()) for flavor, data in FLAVORS.values()]
    world.put("model.tar.gz", logged(mlmodel(**flavors), *entries))

    assert world.run(image=MLFLOW).runtime is Runtime.XGBOOST


REFUSED_LOGS = {
    "code alone": (mlmodel(), "mlflow.onnx, mlflow.xgboost or mlflow.lightgbm"),
    "another flavor's file": (mlmodel(onnx={"data": "model.ubj"}), "of the flavor onnx, and it is"),
    "a pickle": (mlmodel(lightgbm={"data": "model.pkl"}), "is a pickle"),
    "an object's tag": (b"!!python/object/apply:os.system [touch sung]", "it is no YAML"),
    "deep": (b"[" * 100_000, "YAML|ended with"),
    "large": (b"#" * (2**20 + 1), "larger than 1 MB"),
}


@pytest.mark.parametrize("case", REFUSED_LOGS)
def test_a_model_of_mlflow_that_is_not_served_is_refused_with_the_cure(world, tmp_path, case):
    text, words = REFUSED_LOGS[case]
    entries = [("model.ubj", boosters.ubj()), ("model.pkl", b"\x80\x04\x95junk")]
    world.put("model.tar.gz", logged(text, *entries))

    with pytest.raises(ValidationError, match=words):
        world.run(image=MLFLOW)
    assert "Contents" not in world.s3.list_objects_v2(Bucket="platform")
    assert not list(tmp_path.rglob("sung"))


def test_a_model_of_mlflow_has_its_mlmodel_at_the_top(world):
    world.put("model.tar.gz", packed(("model/MLmodel", mlmodel()), ("m", boosters.ubj())))

    with pytest.raises(ValidationError, match="no MLmodel at the top level"):
        world.run(image=MLFLOW)


@pytest.mark.parametrize("form", list(SourceForm))
def test_archive_folder_and_file_give_the_same_artefact(world, form):
    world.put("model.tar.gz", packed(("m", boosters.ubj())))
    world.put("folder/m", boosters.ubj())
    world.put("folder/.hidden", b"x")
    world.put("folder/code/inference.py", b"x")
    world.put("folder-of-another/x", b"x")
    world.put("file/any.bin", boosters.ubj())
    uri = {
        SourceForm.ARCHIVE: "s3://lake/model.tar.gz",
        SourceForm.FOLDER: "s3://lake/folder",
        SourceForm.FILE: "s3://lake/file/any.bin",
    }[form]

    model = world.run(uri, form)
    assert world.kept(model) == [boosters.ubj()]


def test_code_and_folders_are_left_aside_and_several_boosters_are_an_ensemble(world):
    entries = [
        ("b-model", boosters.ubj(seed=1)),
        ("a-model", boosters.ubj(seed=2)),
        ("inference.py", b"raise SystemExit"),
        ("code/requirements.txt", b"x"),
    ]
    world.put("model.tar.gz", packed(*entries))

    assert world.kept(world.run()) == [boosters.ubj(seed=1), boosters.ubj(seed=2)]
    one = world.run(environment={"SAGEMAKER_INFERENCE_ENSEMBLE": "false"})
    assert world.kept(one) == [boosters.ubj(seed=1)]


class Canary:
    """Its unpickling leaves a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


def _hostile(tmp_path):
    canary = pickle.dumps(Canary(str(tmp_path / "sung")))
    ubj = boosters.ubj()
    return {
        "pickle": packed(("xgboost-model", canary)),
        "gzip'd pickle": packed(("xgboost-model", gzip.compress(canary))),
        "junk": packed(("xgboost-model", b"\x01\x02\x03" * 5000)),
        "cut short": packed(("xgboost-model", ubj[: len(ubj) // 2])),
        "zeros": packed(("xgboost-model", bytes(4096))),
        "old binary cut short": packed(("xgboost-model", old_binary()[:3000])),
        "old binary overwritten": packed(("xgboost-model", old_binary()[:200] + b"\xff" * 3000)),
        "empty": packed(("xgboost-model", b"")),
        "nothing": packed(),
        "only folders": packed(("a/xgboost-model", ubj)),
        "no archive": ubj,
        "link": packed(special("xgboost-model", tarfile.SYMTYPE, "/etc/passwd")),
        "two kinds": packed(("a", ubj), ("b", b"tree\nversion=v4\n")),
        "bad json": packed(("xgboost-model", b'{"learner": {}}')),
    }


CASES = [
    *("pickle", "gzip'd pickle", "junk", "cut short", "zeros", "old binary cut short"),
    *("old binary overwritten", "empty", "nothing", "only folders", "no archive", "link"),
    *("two kinds", "bad json"),
]


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_served_is_refused_in_words_and_nothing_is_kept(world, tmp_path, case):
    world.put("model.tar.gz", _hostile(tmp_path)[case])

    with pytest.raises(ValidationError) as raised:
        world.run()
    assert len(str(raised.value)) > 40
    assert not (tmp_path / "sung").exists()
    assert "Contents" not in world.s3.list_objects_v2(Bucket="platform")


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("s3://secret/model.tar.gz", "outside the places that models are read from"),
        ("s3://lake-of-mine/model.tar.gz", "outside the places"),
        ("s3://lake/none.tar.gz", "s3://lake/none.tar.gz does not exist"),
    ],
)
def test_an_artefact_that_is_not_there_or_not_readable_is_named(world, uri, words):
    world.put("model.tar.gz", packed(("m", boosters.ubj())), "secret")

    with pytest.raises(ValidationError, match=words):
        world.run(uri)


def test_an_etag_holds_the_request_to_the_object_it_meant(world):
    etag = world.put("model.tar.gz", packed(("m", boosters.ubj())))

    assert world.run(etag=etag).width == world.run(etag=etag.strip('"')).width == 3
    with pytest.raises(ValidationError, match="the object was replaced"):
        world.run(etag="another")


def test_a_model_that_loads_and_scores_one_row_alone_is_refused(world):
    """Such as one whose only input has no dimension for columns: it takes one value."""
    made = onnx.load_from_string(linear()[1])
    made.graph.input[0].type.tensor_type.shape.dim.pop()
    world.put("model.tar.gz", packed(("m", made.SerializeToString())))

    with pytest.raises(ValidationError, match="can't be served"):
        world.run(image="larder-onnx:1")


def test_an_onnx_forest_that_walks_in_a_circle_is_refused(world):
    made = onnx.load_from_string(onnx_forest())
    (numbers,) = (
        each.ints for each in made.graph.node[0].attribute if each.name == "nodes_truenodeids"
    )
    numbers[1] = 0
    world.put("model.tar.gz", packed(("m", made.SerializeToString())))

    with pytest.raises(ValidationError, match="can't be served"):
        world.run(image="larder-onnx:1")


def test_an_image_of_another_library_is_refused(world):
    world.put("model.tar.gz", packed(("m", boosters.ubj())))

    assert world.run(image="larder:1").runtime is Runtime.XGBOOST
    with pytest.raises(ValidationError, match="name the image larder-xgboost"):
        world.run(image="larder-onnx")


# the feature specification


def _with_spec(*more):
    return packed(("m", boosters.ubj()), *more)


@pytest.mark.parametrize("place", ["archive", "inline", "s3", "both"])
def test_a_specification_is_found_in_either_place_and_frozen(world, place):
    group = world.groups.create(group_spec())
    text = orjson.dumps(SPEC)
    packed_in = [("larder/features.json", text)] if place in ("archive", "both") else []
    world.put("model.tar.gz", _with_spec(*packed_in))
    world.put("spec.json", text)
    value = {"inline": text.decode(), "s3": "s3://lake/spec.json", "both": f" {text.decode()} "}
    environment = {"LARDER_FEATURES": value[place]} if place in value else {}

    model = world.run(environment=environment)
    assert [each.name for each in model.features.inputs] == ["a", "b", "clicks"]
    assert model.features.inputs[2].group_uid == group.uid
    assert len(model.features.sha256) == 64


def test_two_specifications_that_differ_are_refused(world):
    world.groups.create(group_spec())
    world.put("model.tar.gz", _with_spec(("larder/features.json", orjson.dumps(SPEC))))

    other = orjson.dumps({**SPEC, "unit": "customer_id"}).decode()
    with pytest.raises(ValidationError, match="they differ"):
        world.run(environment={"LARDER_FEATURES": other})


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({**SPEC, "inputs": SPEC["inputs"][:2]}, "2"),
        ({**SPEC, "extra": 1}, "extra"),
        ({**SPEC, "unit": "x" * 70_000}, "64 KB"),
    ],
)
def test_a_specification_that_does_not_fit_is_refused(world, spec, words):
    world.groups.create(group_spec())
    world.put("model.tar.gz", _with_spec(("larder/features.json", orjson.dumps(spec))))

    with pytest.raises(ValidationError, match=words):
        world.run()


def test_an_author_who_may_not_read_a_group_makes_no_model_of_it(world):
    tags = (("larder:read:a", ANN), ("larder:admin:a", ANN))
    world.groups.create(group_spec(tags=tags))
    world.put("model.tar.gz", _with_spec(("larder/features.json", orjson.dumps(SPEC))))

    assert world.run(caller=ANN).features is not None
    with pytest.raises(AccessForbidden, match="customers"):
        world.run(caller=EVE)


def test_an_artefact_is_kept_under_its_digest_once(world):
    world.put("model.tar.gz", packed(("m", boosters.ubj())))
    first, second = world.run(), world.run()
    world.s3.delete_object(Bucket="lake", Key="model.tar.gz")

    assert first.artefacts == second.artefacts
    assert len(world.s3.list_objects_v2(Bucket="platform")["Contents"]) == 1
    assert np.isfinite(scores(world.kept(first)[0])).all()


def test_a_model_of_texts_is_taken_in_with_a_specification_and_refused_without(world):
    world.put("model.tar.gz", packed(("model.onnx", text_and_number())))
    with pytest.raises(ValidationError, match=r"takes texts in columns \[0\].*features\.json"):
        world.run(image="larder:1")

    words, amount = ({"source": "request", "type": kind} for kind in ("String", "Fractional"))
    inputs = [{"name": "words", **words}, {"name": "amount", **amount}]
    spec = orjson.dumps({"version": 1, "inputs": inputs})
    files = (("model.onnx", text_and_number()), ("larder/features.json", spec))
    world.put("model.tar.gz", packed(*files))
    model = world.run(image="larder:1")

    assert (model.runtime, model.width) == (Runtime.ONNX, 2)
    assert [each.is_text for each in model.features.inputs] == [True, False]
