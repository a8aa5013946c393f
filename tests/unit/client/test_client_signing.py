"""What clients sign for and whom they call, after the hook and after ``larder configure``."""

import json
import os
import re
import subprocess
import sys

import boto3
import botocore.session
import pytest

from larder import sign_for_execute_api, sign_for_function_url
from larder.cli.configure import updated_section, value_of
from larder.cli.main import main
from larder.errors import ConfigurationError

ENDPOINT = "https://abc.execute-api.eu-west-1.amazonaws.com"
URL = "https://abc.lambda-url.eu-west-1.on.aws"
SAGEMAKER, RUNTIME = "sagemaker", "sagemaker-featurestore-runtime"
PROGRAM = """
import boto3, json
calls = {}
def send(request, **_):
    calls[request.url] = request.headers["Authorization"].decode()
    from botocore.awsrequest import AWSResponse
    raw = type("Raw", (), {"stream": lambda self, **_: iter([b"{}"])})()
    return AWSResponse(request.url, 200, {}, raw)
session = boto3.Session()
for service, call in (
    ("sagemaker-featurestore-runtime", lambda c: c.batch_get_record(
        Identifiers=[{"FeatureGroupName": "a", "RecordIdentifiersValueAsString": ["1"]}])),
    ("sagemaker", lambda c: c.list_feature_groups()),
    ("dynamodb", lambda c: c.list_tables()),
):
    client = session.client(service)
    client.meta.events.register("before-send", send)
    call(client)
print(json.dumps(calls))
"""


class _Signed(Exception):
    """Stops a request on its way out, with its Authorization header."""


def scope(client):
    """Region and service that the client signs a request for."""

    def stop(request, **_):
        raise _Signed(request.headers["Authorization"].decode())

    client.meta.events.register("before-send", stop)
    with pytest.raises(_Signed) as sent:
        if client.meta.service_model.service_name == "s3":
            client.list_buckets()
        elif client.meta.service_model.service_name == SAGEMAKER:
            client.list_feature_groups()
        else:
            client.list_records(FeatureGroupName="customers")
    return re.search(r"Credential=testing/\d{8}/([^/]+/[^/]+)/aws4_request", str(sent.value))[1]


def test_without_anything_a_client_signs_for_sagemaker():
    assert scope(boto3.client(RUNTIME)) == "us-east-1/sagemaker"


def test_a_client_signs_for_execute_api_after_the_hook():
    client = boto3.client(RUNTIME)
    sign_for_execute_api(client)
    sign_for_execute_api(client)
    assert scope(client) == "us-east-1/execute-api"


def test_the_apis_region_may_be_another_than_the_clients():
    client = boto3.client(RUNTIME)
    sign_for_execute_api(client, region="eu-west-1")
    assert scope(client) == "eu-west-1/execute-api"


@pytest.mark.parametrize("make", [boto3.Session, botocore.session.Session])
def test_a_sessions_clients_sign_for_execute_api_but_those_of_other_services(make):
    session = make()
    sign_for_execute_api(session)
    create = session.client if make is boto3.Session else session.create_client
    assert scope(create(RUNTIME)) == "us-east-1/execute-api"
    assert scope(create("s3")) == "us-east-1/s3"


def test_a_client_that_never_calls_larder_is_refused():
    with pytest.raises(ConfigurationError, match="A client of s3 never calls Larder"):
        sign_for_execute_api(boto3.client("s3"))
    with pytest.raises(ConfigurationError, match="A str is neither a client nor a session"):
        sign_for_execute_api("sagemaker")


def test_a_data_plane_client_signs_for_its_function_url_whatever_it_signed_for_before():
    client = boto3.client(RUNTIME)
    sign_for_execute_api(client)
    sign_for_function_url(client, region="eu-west-1")
    assert scope(client) == "eu-west-1/lambda"
    sign_for_execute_api(client)
    assert scope(client) == "us-east-1/execute-api"


@pytest.mark.parametrize("make", [boto3.Session, botocore.session.Session])
def test_a_session_may_use_both_doors(make):
    session = make()
    sign_for_execute_api(session)
    sign_for_function_url(session)
    create = session.client if make is boto3.Session else session.create_client
    assert scope(create(RUNTIME)) == "us-east-1/lambda"
    assert scope(create(SAGEMAKER)) == "us-east-1/execute-api"


def test_a_function_url_serves_no_control_plane():
    with pytest.raises(ConfigurationError, match="sagemaker never calls Larder's Function URL"):
        sign_for_function_url(boto3.client(SAGEMAKER))


def calls_with(variables):
    """Scope by address of the calls that an unmodified program makes under these variables."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment | keys | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return {
        url: re.search(r"/([^/]+/[^/]+)/aws4_request", header)[1]
        for url, header in json.loads(done.stdout).items()
    }


REDIRECTED = {
    f"{ENDPOINT}/BatchGetRecord": "eu-west-1/execute-api",
    f"{ENDPOINT}/": "eu-west-1/execute-api",
    "https://dynamodb.eu-west-1.amazonaws.com/": "eu-west-1/dynamodb",
}


def configured(capsys, *arguments):
    assert main(["configure", "--endpoint", f"{ENDPOINT}/", "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_variables_make_an_unmodified_program_call_larder(tmp_path, capsys):
    variables = configured(capsys, "--directory", str(tmp_path))
    assert variables == {
        "AWS_DATA_PATH": str(tmp_path),
        "AWS_ENDPOINT_URL_SAGEMAKER": ENDPOINT,
        "AWS_ENDPOINT_URL_SAGEMAKER_FEATURESTORE_RUNTIME": ENDPOINT,
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": ENDPOINT,
    }
    assert calls_with(variables | {"AWS_DEFAULT_REGION": "eu-west-1"}) == REDIRECTED


def test_the_data_plane_alone_may_be_called_at_its_function_url(tmp_path, capsys, monkeypatch):
    arguments = ("--function-url", f"{URL}/", "--directory", str(tmp_path))
    variables = configured(capsys, *arguments)
    there = {**REDIRECTED, f"{URL}/BatchGetRecord": "eu-west-1/lambda"}
    del there[f"{ENDPOINT}/BatchGetRecord"]
    assert calls_with(variables | {"AWS_DEFAULT_REGION": "eu-west-1"}) == there
    config = tmp_path / "aws" / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    variables = configured(capsys, *arguments, "--profile", "cheap", "--region", "eu-west-1")
    assert calls_with(variables | {"AWS_CONFIG_FILE": str(config)}) == there


def test_each_door_has_files_of_its_own(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    one, other = configured(capsys), configured(capsys, "--function-url", URL)
    assert one["AWS_DATA_PATH"] != other["AWS_DATA_PATH"]
    assert "execute-api" in "".join(
        path.read_text() for path in tmp_path.glob(".larder/models/*-runtime/*/*.json")
    )


def test_without_an_endpoint_the_signatures_alone_change(tmp_path, capsys):
    assert main(["configure", "--directory", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"AWS_DATA_PATH": str(tmp_path)}


def test_a_profile_alone_makes_an_unmodified_program_call_larder(tmp_path, capsys, monkeypatch):
    config = tmp_path / "aws" / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    arguments = ("--directory", str(tmp_path), "--profile", "lake", "--region", "eu-west-1")
    variables = configured(capsys, *arguments)
    assert variables == {"AWS_PROFILE": "lake"}
    assert calls_with(variables | {"AWS_CONFIG_FILE": str(config)}) == REDIRECTED
    text = config.read_text()
    configured(capsys, *arguments)
    assert config.read_text() == text


def test_the_rest_of_a_config_file_stays_as_it_is(tmp_path, capsys, monkeypatch):
    config = tmp_path / "config"
    before = "# mine\n[default]\nregion = us-east-2\n\n[profile lake]\nregion=eu-west-1\noutput = json\n# the end\n"
    config.write_text(before)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    configured(capsys, "--directory", str(tmp_path), "--profile", "lake", "--region", "eu-west-3")
    assert config.read_text() == (
        "# mine\n[default]\nregion = us-east-2\n\n[profile lake]\n"
        f"services = larder-lake\ndata_path = {tmp_path}\nregion = eu-west-3\n"
        "output = json\n# the end\n\n"
        "[services larder-lake]\n"
        f"sagemaker =\n  endpoint_url = {ENDPOINT}\n"
        f"sagemaker_featurestore_runtime =\n  endpoint_url = {ENDPOINT}\n"
        f"sagemaker_runtime =\n  endpoint_url = {ENDPOINT}\n"
    )
    assert list(tmp_path.glob("config*")) == [config]


def test_a_config_file_keeps_its_rights_and_a_link_to_it_stays(tmp_path, capsys, monkeypatch):
    target, config = tmp_path / "dotfiles", tmp_path / "config"
    target.write_text("[default]\nregion = us-east-2\n")
    target.chmod(0o600)
    config.symlink_to(target)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    configured(capsys, "--directory", str(tmp_path), "--profile", "lake")
    assert config.is_symlink()
    assert "[profile lake]" in target.read_text()
    assert target.stat().st_mode & 0o777 == 0o600


def test_what_a_shell_evaluates_is_quoted_and_keeps_other_data_paths(tmp_path, capsys, monkeypatch):
    folder = tmp_path / "it's here"
    monkeypatch.setenv("AWS_DATA_PATH", f"{folder}{os.pathsep}/mine")
    assert main(["configure", "--endpoint", ENDPOINT, "--directory", str(folder)]) == 0
    script = capsys.readouterr().out + 'printf %s "$AWS_DATA_PATH"'
    shown = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout == f"{folder}{os.pathsep}/mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--endpoint", "abc.execute-api"], "is not like https://<id>.execute-api"),
        (["--endpoint", f"{ENDPOINT}?x"], "is not like https://<id>.execute-api"),
        (["--function-url", "abc"], "is not like https://<id>.lambda-url"),
        (["--function-url", URL, "--profile", "lake"], "--profile needs the --endpoint"),
        (["--endpoint", ENDPOINT, "--region", "x"], "give --profile too"),
        (["--profile", "lake"], "--profile needs the --endpoint"),
        (["--endpoint", ENDPOINT, "--profile", "a]b"], "must be of letters"),
        (["--endpoint", ENDPOINT, "--profile", "taken"], "has services = others already"),
    ],
)
def test_bad_usage_is_told_and_writes_no_profile(tmp_path, capsys, monkeypatch, arguments, words):
    config = tmp_path / "config"
    config.write_text("[profile taken]\nservices = others\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    assert main(["configure", "--directory", str(tmp_path / "models"), *arguments]) == 2
    assert words in capsys.readouterr().err
    assert config.read_text() == "[profile taken]\nservices = others\n"


def test_settings_of_several_lines_are_replaced_whole():
    text = "[a]\nx =\n  one = 1\n  two = 2\ny = 3\n[ b ]\nx = 4\n"
    assert updated_section(text, "a", {"x": "\n  one = 5"}) == (
        "[a]\nx =\n  one = 5\ny = 3\n[ b ]\nx = 4\n"
    )
    assert (value_of(text, "b", "x"), value_of(text, "a", "one")) == ("4", None)
