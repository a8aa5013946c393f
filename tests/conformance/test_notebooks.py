"""The calls of public SageMaker notebooks, with the environment alone changed.

``notebooks.yaml`` names the notebooks and the cells that are left out, and why. Every step's
answer is checked: what comes back online, counts and values by Athena, descriptions, deletion.
"""

import pytest

from tests.conformance.environments import tell
from tests.conformance.notebook_answers import ANSWERS

pytestmark = pytest.mark.timeout(900)  # an SDK polls every five seconds

SAGEMAKER_DATABASE = "sagemaker_featurestore"


@pytest.fixture(
    scope="module", params=list(ANSWERS), ids=[f"{story}{version}" for story, version in ANSWERS]
)
def told(store, target, tmp_path_factory, request):
    """A notebook's steps with what they gave, and with what they have to give."""
    if target.database != SAGEMAKER_DATABASE:
        pytest.skip("the notebooks ask for SageMaker's own bucket and database: sagemaker_names")
    story, version = request.param
    settings = {
        "prefix": store.name(f"nb-{story.replace('_', '-')}{version}"),
        "role": store.role,
        "group_seconds": target.group_seconds,
        "offline_seconds": target.offline_seconds,
    }
    directory = tmp_path_factory.mktemp(f"{story}{version}")
    return tell(version, settings, directory, f"notebooks.{story}"), ANSWERS[request.param]


def test_row_121_p1_a_notebook_runs_and_its_answers_are_right(told):
    steps, wanted = told
    failed = {name: step["failed"] for name, step in steps.items() if "failed" in step}
    gave = {name: step["gave"] for name, step in steps.items() if "failed" not in step}
    assert not failed, "\n".join(failed.values())
    assert gave == wanted
