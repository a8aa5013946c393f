"""A stage's bill: the CDK app prints its choices, and ``larder cost --choices`` reads them."""

import subprocess
import sys

import orjson
import pytest

from larder.declared.files import load_pipelines
from stacks.config import STAGES
from stacks.constructs.layer_archive import ROOT


def run(*arguments, given=None):
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_a_bill_is_of_the_stages_memory_and_of_what_its_templates_hold(templates, stage):
    choices = run("stacks", stage).stdout
    found = orjson.loads(run("larder", "cost", "--choices", "-", "--json", given=choices).stdout)
    assert found["function"]["memory_mb"] == STAGES[stage].serving.runtime_memory_mb
    kinds = [
        resource["Type"]
        for template in templates.of_stage(stage).values()
        for resource in template["Resources"].values()
    ]
    idle = (
        kinds.count("AWS::KMS::Key")
        + 0.1 * kinds.count("AWS::CloudWatch::Alarm")
        + 3 * kinds.count("AWS::CloudWatch::Dashboard")
    )
    bills = {bill["door"]: bill for bill in found["bills"]}
    api = bills["API Gateway, one record a request"]
    assert api["parts"]["standing"] == round(idle, 2)
    url = bills["Function URL, one record a request"]
    assert url["absent"] is ("AWS::Lambda::Url" not in kinds)
    tier = bills["direct, in-memory tier before DynamoDB"]
    assert tier["absent"] is ("AWS::ElastiCache::ServerlessCache" not in kinds)
    names = {each.group for each in load_pipelines(STAGES[stage].definitions)}
    assert names <= {bill["name"] for bill in found["pipelines"]["bills"]}


def test_an_unknown_stage_is_refused():
    done = run("stacks", "qa")
    assert done.returncode == 1
    assert "stage: 'qa' is not one of dev, prod" in done.stderr
