"""The SageMaker SDK, version 2, with model packages: see ``sdk/packages2.py``."""

import pytest

from tests.conformance.environments import tell
from tests.conformance.model_store import IMAGE, ROWS, csv
from tests.support import boosters

pytestmark = pytest.mark.timeout(900)  # an SDK polls every thirty seconds
FIVE = ROWS[:5]
OWN = boosters.predict(boosters.booster(), FIVE)


@pytest.fixture(scope="module")
def told(store, models, tmp_path_factory):
    settings = {
        "name": store.name("sdk2-packages"),
        "image": IMAGE,
        "role": store.role,
        "data": models.archive(),
        "rows": csv(FIVE),
    }
    models.endpoints += [settings["name"], f"{settings['name']}-unapproved"]
    return settings | {"steps": tell(2, settings, tmp_path_factory.mktemp("sdk2p"), "packages")}


def test_row_288_a_model_is_registered_and_its_group_made(gave, told):
    assert gave("register") == [told["name"], 1, "PendingManualApproval"]
    assert gave("register_again") == "2"


def test_row_286_288_a_version_is_approved(gave):
    assert gave("update_approval_status") == ["Approved", "it is good"]


def test_row_287_288_metadata_are_merged_and_removed(gave):
    merged = {"team": "fraud", "old": "1", "new": "2"}
    assert gave("update_customer_metadata") == merged
    assert gave("remove_customer_metadata_properties") == {"team": "fraud", "new": "2"}


def test_row_288_a_package_is_deployed(gave):
    assert gave("deploy") == OWN


def test_row_288_a_version_that_waits_is_approved_by_the_sdk_that_deploys_it(gave):
    assert gave("deploy_what_is_not_approved") == "Approved"
