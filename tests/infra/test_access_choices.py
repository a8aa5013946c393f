"""What a stage that chooses other rules of access, or to forward to SageMaker, changes."""

import pytest

from larder.errors import ConfigurationError
from stacks.config import STAGES
from tests.infra.stages import stage_with
from tests.infra.templates import actions_of

ADMIN = "arn:aws:iam::123456789012:role/Platform*"
ENDPOINT = "https://api.sagemaker.eu-west-1.amazonaws.com"
ACTIONS = ("sagemaker:ListModels", "sagemaker:DescribeModel")


@pytest.fixture(scope="module")
def chosen(synthesize):
    config = stage_with(
        "dev",
        access={
            "administrators": (ADMIN, "arn:aws:iam::123456789012:user/ann"),
            "missing_grants_deny": True,
        },
        forwarding={"sagemaker_endpoint": ENDPOINT, "actions": ACTIONS},
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(STAGES, "dev", config)
        return synthesize(stage="dev")


@pytest.mark.parametrize("name", ["control", "runtime"])
def test_both_planes_learn_who_administers_and_what_missing_grants_mean(chosen, name):
    variables = chosen.function("dev", name)["Environment"]["Variables"]
    assert variables["LARDER_ADMINISTRATORS"] == f"{ADMIN} arn:aws:iam::123456789012:user/ann"
    assert variables["LARDER_MISSING_GRANTS_DENY"] == "1"


def test_the_control_function_alone_may_do_what_is_forwarded(chosen):
    variables = chosen.function("dev", "control")["Environment"]["Variables"]
    assert variables["LARDER_FORWARD_SAGEMAKER_ENDPOINT"] == ENDPOINT
    may = {
        name: {
            action
            for statement in chosen.statements("dev", name)
            for action in actions_of(statement)
            if action.startswith("sagemaker:")
        }
        for name in ("control", "feature_groups", "lifecycle", "offline_writer", "runtime")
    }
    assert may.pop("control") == set(ACTIONS)
    assert set().union(*may.values()) == set()


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_nothing_is_forwarded_unless_the_stage_says_so(templates, stage):
    variables = templates.function(stage, "control")["Environment"]["Variables"]
    assert variables["LARDER_FORWARD_SAGEMAKER_ENDPOINT"] == ""


def test_an_administrator_that_is_no_pattern_fails_the_synth():
    with pytest.raises(ConfigurationError, match=r"access\.administrators: 'ann': Member must be"):
        stage_with("dev", access={"administrators": ("ann",)})
