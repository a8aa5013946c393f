"""Who may do what on a stage: closed where data are kept, and what other choices change."""

import pytest

from larder.errors import ConfigurationError
from stacks.config import STAGES
from tests.infra.stages import stage_with
from tests.infra.templates import actions_of, text_of

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
            "creators": ("role/FeatureMaker", "arn:aws:iam::123456789012:user/bob"),
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


def test_s8_the_control_plane_learns_who_creates_groups(chosen, templates):
    variables = chosen.function("dev", "control")["Environment"]["Variables"]
    maker, bob = text_of(variables["LARDER_CREATORS"]).rsplit(" ", 1)
    assert maker.endswith(":role/FeatureMaker")
    assert bob == "arn:aws:iam::123456789012:user/bob"
    # by default the rule is the function's: administrators where groups without grants are closed
    for stage in ("dev", "prod"):
        variables = templates.function(stage, "control")["Environment"]["Variables"]
        assert variables["LARDER_CREATORS"] == ""


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


@pytest.mark.parametrize("name", ["control", "runtime", "feature_groups"])
def test_s3_a_stage_that_keeps_data_is_closed_by_default_and_has_administrators(templates, name):
    prod = templates.function("prod", name)["Environment"]["Variables"]
    assert prod["LARDER_MISSING_GRANTS_DENY"] == "1"
    # of the account that it is deployed to, whichever that is
    role = "arn:{'Ref': 'AWS::Partition'}:iam::{'Ref': 'AWS::AccountId'}:role/LarderAdministrator"
    assert text_of(prod["LARDER_ADMINISTRATORS"]) == role
    dev = templates.function("dev", name)["Environment"]["Variables"]
    assert (dev["LARDER_MISSING_GRANTS_DENY"], dev["LARDER_ADMINISTRATORS"]) == ("0", "")


@pytest.mark.parametrize(
    ("stage", "choices"),
    [
        ("prod", {"access": {"administrators": ()}}),
        ("prod", {"access": {"administrators": (), "missing_grants_deny": False}}),
        ("dev", {"data": {"retain": True}}),
    ],
)
def test_s3_a_stage_that_keeps_data_needs_administrators_and_the_refusal_says_what_to_write(
    monkeypatch, synthesize, stage, choices
):
    monkeypatch.setitem(STAGES, stage, stage_with(stage, **choices))
    with pytest.raises(ConfigurationError) as refused:
        synthesize(stage=stage)
    assert str(refused.value).startswith(f"{stage}: access.administrators is empty")
    assert 'AccessChoices(administrators=("role/LarderAdministrator",))' in str(refused.value)
    assert "-c administrators=role/LarderAdministrator,user/ann" in str(refused.value)


def test_administrators_come_from_the_command_line_too(synthesize):
    named = f"user/ann, {ADMIN}"
    templates = synthesize(stage="dev", administrators=named)
    variables = templates.function("dev", "control")["Environment"]["Variables"]
    first, second = text_of(variables["LARDER_ADMINISTRATORS"]).rsplit(" ", 1)
    assert first.endswith(":user/ann")
    assert second == ADMIN


def test_a_stage_that_keeps_data_can_be_open_if_it_says_so(monkeypatch, synthesize):
    monkeypatch.setitem(STAGES, "prod", stage_with("prod", access={"missing_grants_deny": False}))
    templates = synthesize(stage="prod")
    variables = templates.function("prod", "runtime")["Environment"]["Variables"]
    assert variables["LARDER_MISSING_GRANTS_DENY"] == "0"


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_nothing_is_forwarded_unless_the_stage_says_so(templates, stage):
    variables = templates.function(stage, "control")["Environment"]["Variables"]
    assert variables["LARDER_FORWARD_SAGEMAKER_ENDPOINT"] == ""


@pytest.mark.parametrize(
    "name", ["ann", "role/", "group/x", "role/a b", "role/path/x*", "arn:aws:s3:::b"]
)
@pytest.mark.parametrize("choice", ["administrators", "creators"])
def test_a_principal_that_is_malformed_fails_the_synth(choice, name):
    with pytest.raises(ConfigurationError, match=rf"access\.{choice}: '.+': Member must"):
        stage_with("dev", access={choice: (name,)})
