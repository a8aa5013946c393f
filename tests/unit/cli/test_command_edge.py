"""What every command does with an error, and with Ctrl-C."""

import pytest

from larder.cli import main as cli
from larder.errors import ServiceUnavailable, ValidationError
from tests.support.direct import platform_at


class Raising:
    """A part of a platform whose methods raise an error."""

    def __init__(self, error):
        self.error = error

    def __getattr__(self, _name):
        def work(*_arguments, **_named):
            raise self.error

        return work


@pytest.fixture
def failing(monkeypatch):
    """Make a part of the platform that commands connect to fail."""

    def fail(part, error):
        platform = platform_at()
        setattr(platform, part, Raising(error))
        monkeypatch.setattr("larder.connect", lambda _stage: platform)

    return fail


def test_an_error_is_one_line_that_names_the_command(failing, capsys):
    failing("offline", ServiceUnavailable("no answer"))
    assert cli.main(["offline", "status"]) == 1
    assert capsys.readouterr().err == "larder offline: no answer\n"


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (
            ServiceUnavailable("no answer"),
            1,
            "no answer; the same command with --run-id r1 goes on",
        ),
        (KeyboardInterrupt(), 130, "interrupted; the same command with --run-id r1 goes on"),
        (ValidationError("no such column"), 1, "no such column\n"),
    ],
)
def test_a_run_that_can_go_on_says_how(failing, capsys, error, status, told):
    failing("ingestion", error)
    assert cli.main(["ingest", "customers", "rows.csv", "--run-id", "r1"]) == status
    assert f"larder ingest: {told}" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_each_command_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([name, "--help"])
    assert ended.value.code == 0
    assert f"usage: larder {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["ingest", "customers", "rows.csv"],
        ["materialize", "customers"],
        ["training-set", "list"],
        ["offline", "status"],
        ["erase", "customers", "ada"],
    ],
)
def test_the_stage_that_is_named_is_the_one_connected_to(monkeypatch, capsys, arguments):
    asked = []

    def connect(stage):
        asked.append(stage)
        raise ServiceUnavailable("no answer")

    monkeypatch.setattr("larder.connect", connect)
    assert cli.main([*arguments, "--stage", "qa"]) == 1
    assert cli.main(arguments) == 1
    assert asked == ["qa", None]
