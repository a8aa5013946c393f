"""The SageMaker SDK, version 3, with models: see ``sdk/models3.py`` for what it does."""

import pytest

from tests.conformance.environments import tell
from tests.conformance.model_store import IMAGE, ROWS, csv
from tests.support import boosters

pytestmark = pytest.mark.timeout(900)  # an SDK polls every five seconds
FIVE = ROWS[:5]
OWN = {
    which: boosters.predict(boosters.booster(seed=seed), FIVE)
    for which, seed in (("first", 1), ("second", 2))
}


@pytest.fixture(scope="module")
def told(store, models, tmp_path_factory):
    settings = {
        "name": store.name("sdk3-models"),
        "image": IMAGE,
        "role": store.role,
        "data": {
            which: models.archive(("xgboost-model", boosters.ubj(seed=seed)))
            for which, seed in (("first", 1), ("second", 2))
        },
        "rows": csv(FIVE),
        "scores": OWN,
    }
    return settings | {"steps": tell(3, settings, tmp_path_factory.mktemp("sdk3m"), "models")}


def test_row_201_a_model_is_created_and_called(gave):
    assert gave("create") == ["InService", OWN["first"]]


def test_row_208_models_and_endpoints_are_listed(gave, told):
    assert gave("get_all") == [[f"{told['name']}-first"], [told["name"]]]


def test_row_233_an_endpoint_is_updated(gave):
    assert gave("update") == OWN["second"]


def test_row_237_an_endpoint_is_updated_by_steps(gave, told):
    assert gave("update_by_steps") == [f"{told['name']}-first", OWN["first"]]


def test_row_245_a_stream_is_refused_with_the_cure(gave):
    _, text = gave("invoke_with_response_stream")
    assert "ValidationError" in text
    assert "use InvokeEndpoint" in text


def test_row_201_207_an_endpoint_is_deleted_and_waited_for(gave):
    assert gave("delete") == [[], [], []]
