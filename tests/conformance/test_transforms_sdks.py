"""The SageMaker SDKs with transform jobs: see ``sdk/transforms2.py`` and ``sdk/transforms3.py``."""

import pytest

from tests.conformance.environments import tell
from tests.conformance.model_store import IMAGE, ROWS
from tests.support.transforms import csv, scores

pytestmark = pytest.mark.timeout(900)  # an SDK polls every five seconds
PARTS = {"a.csv": ROWS[:3], "more/b.csv": ROWS[3:9]}
LARGE = csv(ROWS) * 800
"""Lines that are scored for longer than it takes to stop a job."""


class Folder:
    """What a job reads and writes."""

    def __init__(self, models, word):
        self.models, self.key = models, f"transforms/{models.names(word)}"
        for name, rows in PARTS.items():
            self.put(f"in/{name}", csv(rows))
        self.put("large/a.csv", LARGE)

    def put(self, name, body):
        key = f"{self.key}/{name}"
        self.models.s3.put_object(Bucket=self.models.bucket, Key=key, Body=body)

    @property
    def address(self):
        return f"s3://{self.models.bucket}/{self.key}"

    def scores(self, output):
        """Whether each part has its scores there."""
        for name, rows in PARTS.items():
            key = f"{self.key}/{output}/{name}.out"
            body = self.models.s3.get_object(Bucket=self.models.bucket, Key=key)["Body"].read()
            assert body == scores(rows)


@pytest.fixture(scope="module", params=[2, 3], ids=["v2", "v3"])
def ran(request, store, models, regression, tmp_path_factory):
    version = request.param
    folder = Folder(models, f"sdk{version}-jobs")
    settings = {
        "name": store.name(f"sdk{version}-jobs"),
        "image": IMAGE,
        "role": store.role,
        "data": models.archive(),
        "model": regression,
        "folder": folder.address,
    }
    steps = tell(version, settings, tmp_path_factory.mktemp(f"sdk{version}t"), "transforms")
    return version, folder, settings | {"steps": steps}


@pytest.fixture
def told(ran):
    return ran[2]


def test_row_302_jobs_are_run_by_the_sdks(ran, gave):
    version, folder, told = ran
    if version == 2:
        assert gave("run_and_wait_with_logs") == "Completed"
        assert gave("run_and_wait_without_logs") == "Completed"
        assert gave("a_models_own_transformer") == "Completed"
        for output in ("logs", "quiet", "own"):
            folder.scores(output)
        assert gave("attach") == [told["model"], f"{folder.address}/logs", "text/csv", "Line"]
    else:
        assert gave("create_and_wait") == "Completed"
        folder.scores("three")
        assert gave("get") == [told["model"], "Line", "Completed"]
        assert gave("get_all") == [f"{told['name']}-three"]


def test_row_302_a_job_is_stopped_by_the_sdks(gave):
    assert gave("stop") == "Stopped"
