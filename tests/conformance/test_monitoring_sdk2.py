"""The SageMaker SDK's monitor of data quality: see ``sdk/monitoring2.py``."""

import pytest

from tests.conformance.environments import tell
from tests.conformance.model_store import variant

pytestmark = pytest.mark.timeout(900)  # an SDK polls every few seconds


@pytest.fixture(scope="module")
def told(store, models, regression, tmp_path_factory):
    name = store.name("sdk2-watch")
    settings = {
        "name": name,
        "role": store.role,
        "endpoint": models.serve(variant(regression)),
        "folder": f"s3://{models.bucket}/transforms/{name}",
    }
    return settings | {"steps": tell(2, settings, tmp_path_factory.mktemp("sdk2m"), "monitoring")}


def test_row_320_a_monitor_is_scheduled_attached_stopped_updated_and_deleted(gave, told):
    assert gave("create") in ("Pending", "Scheduled")
    assert gave("attach") == [told["endpoint"], "ml.m5.xlarge", told["role"]]
    assert gave("executions") == []
    assert gave("stop_and_start") == ["Stopped", "Scheduled"]
    assert gave("update") == "cron(0 7 ? * * *)"
    assert gave("list_of_an_endpoint") == [told["name"]]
    assert gave("delete") == []
