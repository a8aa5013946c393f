"""What the emulator answers once the launcher has filled its gaps in: functions, doors, IAM."""

import json
import ssl
import urllib.error
import urllib.request
import uuid

import pytest
from botocore.exceptions import ClientError, WaiterError

from tests.e2e.conftest import Credentials, DeployedPlatform
from tests.support.deadlines import eventually

pytestmark = pytest.mark.e2e


def test_a_failed_invocation_names_the_class_of_its_exception(
    platform: DeployedPlatform, gap_stack: dict[str, str]
) -> None:
    answer = platform.client("lambda").invoke(FunctionName=gap_stack["Function"], Payload=b"{}")
    error = json.loads(answer["Payload"].read())
    assert answer["FunctionError"]
    assert (error["errorType"], error["errorMessage"]) == ("Poison", "no records")
    assert "index.py" in "".join(error["stackTrace"])


def test_a_function_finds_nothing_of_the_emulator_installed(
    platform: DeployedPlatform, gap_stack: dict[str, str]
) -> None:
    answer = platform.client("lambda").invoke(
        FunctionName=gap_stack["Function"], Payload=json.dumps({"probe": True}).encode()
    )
    assert json.loads(answer["Payload"].read()) == ["boto3"]


def test_a_failing_function_behind_an_http_api_is_an_opaque_500(
    platform: DeployedPlatform, gap_stack: dict[str, str]
) -> None:
    api = f"{platform.platform.endpoint}/_aws/execute-api/{gap_stack['Api']}/$default"
    trust = ssl.create_default_context(cafile=str(platform.platform.ca_bundle))
    with pytest.raises(urllib.error.HTTPError) as failed:
        urllib.request.urlopen(f"{api}/fails", context=trust, timeout=30)
    with failed.value as answer:
        assert answer.code == 500
        assert json.loads(answer.read()) == {"message": "Internal Server Error"}


def test_a_custom_resource_whose_function_fails_does_not_wait_for_an_answer(
    platform: DeployedPlatform, gap_stack: dict[str, str]
) -> None:
    function = gap_stack["Function"]
    found = platform.client("lambda").get_function_configuration(FunctionName=function)
    resource = {"Type": "Custom::Hopeless", "Properties": {"ServiceToken": found["FunctionArn"]}}
    cloudformation, name = platform.client("cloudformation"), "larder-hopeless"
    cloudformation.create_stack(
        StackName=name, TemplateBody=json.dumps({"Resources": {"Hopeless": resource}})
    )
    with pytest.raises(WaiterError):
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    assert any("Poison: no records" in e.get("ResourceStatusReason", "") for e in events)
    cloudformation.delete_stack(StackName=name)


def test_glue_is_checked_on_table_database_and_catalog(platform: DeployedPlatform) -> None:
    database = platform.outputs["DatabaseName"]
    parts = [f"table/{database}/none", f"database/{database}", "catalog"]
    told = [_read_table(platform, [p for p in parts if p != left_out]) for left_out in parts]
    assert told == ["AccessDeniedException"] * 3
    assert _read_table(platform, parts) == "EntityNotFoundException"


def _read_table(platform: DeployedPlatform, resources: list[str]) -> str:
    """The error that a user gets for GetTable who is allowed it on these of Glue's resources."""
    iam, name = platform.client("iam"), f"reader-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    statement = {
        "Effect": "Allow",
        "Action": "glue:GetTable",
        "Resource": [f"arn:aws:glue:us-east-1:000000000000:{part}" for part in resources],
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="read", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    user = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    with pytest.raises(ClientError) as refused:
        platform.client("glue", user).get_table(
            DatabaseName=platform.outputs["DatabaseName"], Name="none"
        )
    return str(refused.value.response["Error"]["Code"])


def test_a_stack_whose_outputs_alone_change_has_the_new_ones(platform: DeployedPlatform) -> None:
    cloudformation, name = platform.client("cloudformation"), "outputs-alone"
    topic = {"Type": "AWS::SNS::Topic"}

    def told(text: str) -> list[str]:
        template = {"Resources": {"Topic": topic}, "Outputs": {"Told": {"Value": text}}}
        described = cloudformation.describe_stacks()["Stacks"]
        kind = "UPDATE" if name in [each["StackName"] for each in described] else "CREATE"
        made = cloudformation.create_change_set(
            StackName=name,
            ChangeSetName=f"set-{text}",
            ChangeSetType=kind,
            TemplateBody=json.dumps(template),
        )
        cloudformation.execute_change_set(ChangeSetName=made["Id"])
        waiter = cloudformation.get_waiter(f"stack_{kind.lower()}_complete")
        waiter.wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        return [each["OutputValue"] for each in stack["Outputs"]]

    assert told("first") == ["first"]
    assert told("second") == ["second"]
    same = cloudformation.create_change_set(
        StackName=name,
        ChangeSetName="set-same",
        TemplateBody=json.dumps(
            {"Resources": {"Topic": topic}, "Outputs": {"Told": {"Value": "second"}}}
        ),
    )
    found = cloudformation.describe_change_set(ChangeSetName=same["Id"])
    assert found["Status"] == "FAILED"  # nothing changes
    cloudformation.delete_stack(StackName=name)


def test_a_map_runs_as_many_children_at_a_time_as_its_path_says(platform: DeployedPlatform) -> None:
    machines = platform.client("stepfunctions")
    known = platform.outputs["TransformsStateMachineArn"]
    role = machines.describe_state_machine(stateMachineArn=known)["roleArn"]
    each = {"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": True}}}
    definition = {
        "StartAt": "Map",
        "States": {
            "Map": {
                "Type": "Map",
                "ItemsPath": "$.items",
                "MaxConcurrencyPath": "$.most",
                "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, **each},
                "End": True,
            }
        },
    }
    machine = machines.create_state_machine(
        name=f"maps-{uuid.uuid4().hex[:8]}",
        definition=json.dumps(definition),
        roleArn=role,
    )["stateMachineArn"]
    given = json.dumps({"items": [1, 2, 3], "most": 2})
    execution = machines.start_execution(stateMachineArn=machine, input=given)["executionArn"]
    eventually(lambda: machines.describe_execution(executionArn=execution)["status"] == "SUCCEEDED")
    (run,) = machines.list_map_runs(executionArn=execution)["mapRuns"]
    assert machines.describe_map_run(mapRunArn=run["mapRunArn"])["maxConcurrency"] == 2
    machines.delete_state_machine(stateMachineArn=machine)
