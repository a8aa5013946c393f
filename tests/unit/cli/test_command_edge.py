"""What every command does with an error, and with Ctrl-C."""

import pytest

from larder.cli import main as cli
from larder.client import ingestion, offline
from larder.errors import ServiceUnavailable, ValidationError


def raising(error):
    def work(*_arguments, **_named):
        raise error

    return work


def test_an_error_is_one_line_that_names_the_command(monkeypatch, capsys):
    monkeypatch.setattr(offline, "offline_status", raising(ServiceUnavailable("no answer")))
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
def test_a_run_that_can_go_on_says_how(monkeypatch, capsys, error, status, told):
    monkeypatch.setattr(ingestion, "ingestion", raising(error))
    assert cli.main(["ingest", "customers", "rows.csv", "--run-id", "r1"]) == status
    assert f"larder ingest: {told}" in capsys.readouterr().err
