"""The SageMaker SDK, version 3, with model packages: see ``sdk/packages3.py``."""

import pytest

from tests.conformance.environments import tell

pytestmark = pytest.mark.timeout(900)  # an SDK polls every five seconds


@pytest.fixture(scope="module")
def told(store, tmp_path_factory):
    settings = {"name": store.name("sdk3-packages")}
    return settings | {"steps": tell(3, settings, tmp_path_factory.mktemp("sdk3p"), "packages")}


def test_row_282_a_group_is_made_and_deleted(gave, told):
    assert gave("create_group") == [told["name"], "Completed"]
    assert gave("delete") == []


def test_row_285_versions_are_found_and_described(gave):
    assert gave("get_all") is True
    assert gave("get") == [1, "PendingManualApproval"]


def test_row_285_286_a_version_is_approved(gave):
    assert gave("update") == ["Approved", "by the SDK"]
