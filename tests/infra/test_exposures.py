"""The exposure writer: what reaches it, and the one table that it may touch."""

import pytest

from larder.models.exposure import KIND
from larder.models.exposure_table import TABLE
from tests.infra.templates import actions_of


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_lines_of_the_inference_functions_log_reach_it_by_their_mark(templates, stage):
    [(_, _, found)] = templates.of_type("AWS::Logs::SubscriptionFilter", stage)
    assert found["Properties"]["FilterPattern"] == f'{{ $.kind = "{KIND}" }}'
    assert "InferenceLogs" in str(found["Properties"]["LogGroupName"])
    assert "ExposureWriter" in str(found["Properties"]["DestinationArn"])
    assert any("FromLogs" in each for each in found["DependsOn"])


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_one_log_group_of_the_account_may_call_it(templates, stage):
    [permission] = [
        each["Properties"]
        for _, _, each in templates.of_type("AWS::Lambda::Permission", stage)
        if each["Properties"]["Principal"] == "logs.amazonaws.com"
    ]
    assert "InferenceLogs" in str(permission["SourceArn"])
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_of_the_catalog_it_may_touch_its_own_table_alone(templates, stage):
    [statement] = [
        each
        for each in templates.statements(stage, "exposure_writer")
        if "glue:UpdateTable" in actions_of(each)
    ]
    assert "*" not in str(statement["Resource"])
    assert f"/{TABLE}'" in str(statement["Resource"])
