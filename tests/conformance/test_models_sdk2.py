"""The SageMaker SDK, version 2, with models: see ``sdk/models2.py`` for what it does."""

import hashlib

import pytest

from tests.conformance.environments import tell
from tests.conformance.model_store import IMAGE, ROWS, csv
from tests.support import boosters

pytestmark = pytest.mark.timeout(900)  # an SDK polls every thirty seconds
FIVE = ROWS[:5]
OWN = {
    which: boosters.predict(boosters.booster(seed=seed), FIVE)
    for which, seed in (("first", 1), ("second", 2))
}


def lost(models, name):
    """The archive of a model that was created, and whose file the platform's bucket has lost since."""
    data = boosters.ubj(rounds=5, seed=int.from_bytes(name.encode()) % 10_007)
    uri = models.archive(("xgboost-model", data))
    models.model(uri, name=name)
    key = f"models/{hashlib.sha256(data).hexdigest()}"
    models.s3.delete_object(Bucket=models.bucket, Key=key)
    return uri


@pytest.fixture(scope="module")
def told(store, models, target, tmp_path_factory):
    name = store.name("sdk2-models")
    data = {
        which: models.archive(("xgboost-model", boosters.ubj(seed=seed)))
        for which, seed in (("first", 1), ("second", 2))
    }
    data["broken"] = lost(models, f"{name}-broken")
    settings = {
        "name": name,
        "image": IMAGE,
        "role": store.role,
        "data": data,
        "rows": csv(FIVE),
        "scores": OWN,
        "settings_seconds": target.settings_seconds,
    }
    return settings | {"steps": tell(2, settings, tmp_path_factory.mktemp("sdk2m"), "models")}


def test_row_201_a_model_is_deployed_and_called(gave):
    assert gave("deploy") == OWN["first"]


def test_row_221_a_model_of_a_name_that_is_taken_is_deployed_as_it_is(gave):
    assert gave("deploy_a_model_of_a_name_that_is_taken") == OWN["first"]


def test_row_233_an_endpoint_is_updated(gave):
    assert gave("update_endpoint") == OWN["second"]


def test_row_245_a_stream_is_refused_with_the_cure(gave):
    kind, text = gave("predict_stream")
    assert (kind, "use InvokeEndpoint" in text) == ("ValidationError", True)


def test_row_277_a_session_stays_with_its_variant(gave):
    seen = gave("two_variants")
    assert all(len(set(scores)) == 1 for scores in seen)
    assert {scores[0] for scores in seen} == {OWN["first"][0], OWN["second"][0]}


def test_row_221_228_a_deployment_that_fails_raises_with_the_reason(gave):
    status, text = gave("deploy_and_wait_for_a_model_that_does_not_load")
    assert status == "Failed"
    assert "Reason" in text


def test_row_230_endpoint_and_model_are_deleted(gave, told):
    endpoint, model, configs = gave("delete")
    assert (endpoint, model) == (False, False)
    # The first configuration is left by update_endpoint, and those of the other endpoints.
    assert gave("predict_after_it") is True
    assert all(each.startswith(told["name"]) for each in configs)
