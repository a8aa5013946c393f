"""A parity file: rows with the scores that the model gave where it was trained."""

from math import nan

import numpy as np
import orjson
import pytest
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestClassifier

from larder.errors import ValidationError
from larder.models.parity import MAX_BYTES, PARITY_FILE, Parity, check_nan_safe, proven
from larder.models.ports import Predictions
from larder.models.served import Runtime
from larder.wiring.model_runtimes import NativeRuntimes
from tests.support import boosters
from tests.support.artefacts import lightgbm_model, linear, logistic
from tests.unit.models.test_import import SPEC, World, packed, world

__all__ = ["world"]
COUNT = 120


class Sum:
    """A model of two columns that adds them; a missing value makes the score missing."""

    width, columns, texts, objective = 2, (), frozenset(), ""

    def __init__(self, error=0.0):
        self.error = error
        self.batches = []

    def predict(self, matrix):
        self.batches.append(matrix.rows)
        values = np.frombuffer(matrix.values, dtype=np.float32).reshape(matrix.rows, 2)
        return Predictions((values.sum(axis=1) + self.error).tolist(), matrix.rows, 1)


class OfText(Sum):
    """As ``Sum``, with a text in the first column, which counts by its length."""

    texts = frozenset({0})

    def predict(self, matrix):
        scores = [len(each) + matrix.values[2 * at + 1] for at, each in enumerate(matrix.texts[0])]
        return Predictions(scores, matrix.rows, 1)


def rows(count=COUNT):
    return [[float(place), place / 8] for place in range(count)]


def document(inputs=None, outputs=None):
    inputs = rows() if inputs is None else inputs
    outputs = [sum(each) for each in inputs] if outputs is None else outputs
    return orjson.dumps({"inputs": inputs, "outputs": outputs})


def test_a_model_that_scores_as_the_file_says_is_proven_with_its_missing_columns():
    inputs = [*rows(), [None, 1.0], [1, None]]
    outputs = [*(sum(each) for each in rows()), None, None]
    assert proven(document(inputs, outputs), Sum()) == Parity(COUNT + 2, frozenset({0, 1}))
    assert proven(document(), Sum()) == Parity(COUNT, frozenset())


def test_rows_are_asked_in_batches():
    model = Sum()
    proven(document(rows(2_500)), model)
    assert model.batches == [1000, 1000, 500]


def test_texts_are_given_as_texts():
    inputs = [["é" * place, 1.0] for place in range(COUNT)]
    parity = proven(document(inputs, [place + 1.0 for place in range(COUNT)]), OfText())
    assert parity == Parity(COUNT, frozenset())


@pytest.mark.parametrize(
    ("error", "differs"), [(0.0, False), (0.9e-5, False), (1e-3, True), (nan, True)]
)
def test_the_tolerance_is_of_a_score_up_to_one_and_a_share_of_a_greater_one(error, differs):
    inputs = [[0.25, 0.25]] * COUNT
    if not differs:
        proven(document(inputs), Sum(error))
        return
    with pytest.raises(ValidationError, match=f"in {COUNT} of {COUNT} rows") as raised:
        proven(document(inputs), Sum(error))
    for words in ("Row 0, score 0: 0.5 in the file", "1e-05", "Convert the model again"):
        assert words in str(raised.value)


def test_a_large_score_may_differ_by_what_a_float32_leaves():
    inputs = [[1e6, 1e6]] * COUNT
    proven(document(inputs), Sum(1.0))
    with pytest.raises(ValidationError, match="does not score here"):
        proven(document(inputs), Sum(100.0))


@pytest.mark.parametrize("which", ["file", "model"])
def test_a_missing_score_of_one_alone_differs(which):
    inputs, outputs = [*rows(), [None, 1.0]], [*(sum(each) for each in rows()), 1.0]
    if which == "file":
        inputs[-1], outputs[-1] = [0.0, 1.0], None
    with pytest.raises(ValidationError, match=f"in 1 of {COUNT + 1} rows"):
        proven(document(inputs, outputs), Sum())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"{", "not valid JSON"),
        (b'{"inputs": [[NaN]], "outputs": [1]}', "write a missing value as null"),
        (b"[]", "an object of"),
        (b'{"inputs": [], "outputs": [], "more": 1}', "nothing else"),
        (b'{"inputs": {}, "outputs": []}', "must be lists"),
        (document(rows(99)), "99 inputs and 99 outputs: give as many of both, from 100"),
        (document(outputs=[1.0]), "120 inputs and 1 outputs"),
        (document(rows(10_001)), "to 10000"),
        (document([*rows(), [1.0]], [1.0] * (COUNT + 1)), "row 120 of inputs must be a list of 2"),
        (document([*rows(), 7], [1.0] * (COUNT + 1)), "row 120 of inputs must be a list of 2"),
        (document([*rows(), [1, "a"]], [1.0] * (COUNT + 1)), "row 120, column 1"),
        (document([*rows(), [True, 1]], [1.0] * (COUNT + 1)), "row 120, column 0"),
        (document([*rows(), [1, 1]], [*([1.0] * COUNT), "a"]), "row 120 of outputs"),
        (document([*rows(), [1, 1]], [*([1.0] * COUNT), []]), "row 120 of outputs"),
        (document(outputs=[[1.0, 2.0]] * COUNT), "has 2 scores, and the model gives 1"),
        (b" " * (MAX_BYTES + 1), "Keep fewer rows"),
    ],
    ids=[
        *("cut", "nan", "list", "unknown", "no-lists", "few", "unequal", "many", "short", "number"),
        *("text", "boolean", "text-score", "no-score", "two-scores", "large"),
    ],
)
def test_a_file_that_is_written_wrong_is_refused_in_words(text, words):
    with pytest.raises(ValidationError, match=words) as raised:
        proven(text, Sum())
    assert PARITY_FILE in str(raised.value)


def test_nan_safe_needs_a_missing_value_in_each_column():
    check_nan_safe(Parity(COUNT, frozenset({0, 1, 2})), [0, 2])
    with pytest.raises(ValidationError, match=r"no row with null in the columns \[1\]"):
        check_nan_safe(Parity(COUNT, frozenset({0})), [0, 1])
    with pytest.raises(ValidationError, match="needs its proof"):
        check_nan_safe(None, [0])


# the import


def spec(**changes):
    inputs = [{**each, "missing": "nan"} for each in SPEC["inputs"][:2]]
    inputs.append({"name": "c", "source": "request", "type": "Fractional", "missing": "nan"})
    return orjson.dumps({"version": 1, "inputs": inputs, "nan_safe": True} | changes)


def given(data, file, specification):
    """An archive of a model with its parity file and its specification."""
    entries = [("m", data), ("larder/features.json", specification)]
    return packed(*entries, *([(PARITY_FILE, file)] if file is not None else []))


def holed(count=COUNT, columns=3):
    """Rows of which every third lacks a value, in one column after the other."""
    data, _ = boosters.data(columns)
    values = np.array(data[:count], dtype=np.float64)
    for place in range(0, count, 3):
        values[place, (place // 3) % columns] = nan
    return values


def parity_of(values, scores):
    """The file; orjson writes NaN as null."""
    return orjson.dumps({"inputs": values.tolist(), "outputs": np.asarray(scores).tolist()})


def linear_scores(values):
    model, _ = linear()
    return values @ model.coef_ + model.intercept_  # of a missing value, missing


def test_an_onnx_model_whose_parity_is_proven_takes_missing_values(world: World):
    values = holed()
    file = parity_of(values, linear_scores(values))
    world.put("model.tar.gz", given(linear()[1], file, spec()))

    assert world.run(image="larder-onnx:1").features.nan_safe


@pytest.mark.parametrize("lacking", ["file", "column"])
def test_nan_safe_without_its_proof_is_refused(world: World, lacking):
    values = holed()
    values[:, 1] = 0.5
    file = None if lacking == "file" else parity_of(values, linear_scores(values))
    world.put("model.tar.gz", given(linear()[1], file, spec()))

    with pytest.raises(ValidationError, match=r"needs its proof|in the columns \[1\]"):
        world.run(image="larder-onnx:1")
    assert "Contents" not in world.s3.list_objects_v2(Bucket="platform")


def test_a_forest_that_answers_wrongly_to_missing_values_is_refused(world: World):
    """skl2onnx's forests take the other branch where a value is missing, without an error."""
    values = holed(400)
    labels = (np.nansum(values, axis=1) > 0).astype(int)
    forest = RandomForestClassifier(20, max_depth=6, random_state=1).fit(values, labels)
    options = {id(forest): {"zipmap": False}}
    converted = to_onnx(forest, values[:1].astype(np.float32), options=options)
    scores = forest.predict_proba(values)
    file = parity_of(values, scores)
    world.put("model.tar.gz", given(converted.SerializeToString(), file, spec()))

    with pytest.raises(ValidationError, match="does not score here as the file says"):
        world.run(image="larder-onnx:1")
    assert "Contents" not in world.s3.list_objects_v2(Bucket="platform")

    whole = np.nan_to_num(values)
    right = parity_of(whole, forest.predict_proba(whole))
    fails = orjson.loads(spec(nan_safe=False))
    for each in fails["inputs"]:
        each["missing"] = "fail"
    world.put("model.tar.gz", given(converted.SerializeToString(), right, orjson.dumps(fails)))
    assert not world.run(image="larder-onnx:1").features.nan_safe


OTHERS = {
    Runtime.XGBOOST: (
        boosters.ubj,
        lambda values: boosters.predict(boosters.booster(), values.astype(np.float32)),
    ),
    Runtime.LIGHTGBM: (
        lambda: lightgbm_model().model_to_string().encode(),
        lambda values: lightgbm_model().predict(values.astype(np.float32)),
    ),
}


@pytest.mark.parametrize("runtime", OTHERS)
def test_the_file_counts_for_the_other_libraries_too(world: World, runtime):
    data, predict = OTHERS[runtime]
    values = holed()
    world.put("model.tar.gz", given(data(), parity_of(values, predict(values)), spec()))
    assert world.run(image="larder:1").runtime is runtime

    wrong = np.asarray(predict(values)) + 0.01
    world.put("model.tar.gz", given(data(), parity_of(values, wrong), spec()))
    with pytest.raises(ValidationError, match=f"in {COUNT} of {COUNT} rows"):
        world.run(image="larder:1")


def test_several_scores_are_compared_each():
    model, data = logistic()
    values = np.nan_to_num(holed())
    scores = model.predict_proba(values)
    loaded = NativeRuntimes()[Runtime.ONNX].load([data])
    file = parity_of(values, scores)
    assert proven(file, loaded).rows == COUNT
    turned = parity_of(values, scores[:, ::-1])
    with pytest.raises(ValidationError, match="score 0"):
        proven(turned, loaded)
