"""What libraries and the system raise reaches a caller as an error of Larder, in one line."""

import zlib

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from larder.cli import main as cli
from larder.client.ingestion import IngestionClient
from larder.errors import (
    AccessForbidden,
    ConfigurationError,
    LarderError,
    ServiceUnavailable,
    ThrottlingException,
    ValidationError,
)
from larder.foreign_errors import in_larders_words
from tests.support.direct import platform_at


def refused(code):
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetObject")


ERRORS = [
    (pa.ArrowInvalid("bad"), ValidationError),
    (pa.ArrowNotImplementedError("bad"), ValidationError),
    (duckdb.ParserException("Max expression depth"), ValidationError),
    (pl.exceptions.ComputeError("bad"), ValidationError),
    (zlib.error("bad"), ValidationError),
    (EOFError("cut"), ValidationError),
    (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), ValidationError),
    (FileNotFoundError(2, "gone", "a.csv"), ValidationError),
    (IsADirectoryError(21, "is a folder", "a"), ValidationError),
    (PermissionError(13, "denied", "a.csv"), AccessForbidden),
    (OSError(28, "No space left on device"), ServiceUnavailable),
    (refused("AccessDenied"), AccessForbidden),
    (refused("SlowDown"), ThrottlingException),
    (refused("InternalError"), ServiceUnavailable),
    (EndpointConnectionError(endpoint_url="https://x"), ServiceUnavailable),
    (NoCredentialsError(), ConfigurationError),
]


@pytest.mark.parametrize(("error", "kind"), ERRORS, ids=lambda each: type(each).__name__)
def test_an_error_of_a_library_or_of_the_system_has_a_class_of_larder(error, kind):
    with pytest.raises(LarderError) as caught, in_larders_words("it failed"):
        raise error
    assert type(caught.value) is kind
    assert str(caught.value).startswith("it failed: ")
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [KeyError("bug"), KeyboardInterrupt(), BrokenPipeError()])
def test_what_is_larders_own_fault_or_a_stop_stays_what_it_is(error):
    with pytest.raises(type(error)) as caught, in_larders_words("it failed"):
        raise error
    assert caught.value is error


def test_an_error_of_larder_is_not_wrapped():
    error = ValidationError("no such column")
    with pytest.raises(ValidationError) as caught, in_larders_words("it failed"):
        raise error
    assert caught.value is error


class Runs:
    """Ingestions that fail as a library does."""

    def run(self, *_arguments):
        raise pa.ArrowInvalid("bad\nbytes")


def test_the_python_client_raises_errors_of_larder():
    with pytest.raises(ValidationError, match="the ingestion into g failed: bad bytes"):
        IngestionClient(Runs()).ingest("g", "rows.csv")


def test_a_command_prints_one_line(monkeypatch, capsys):
    platform = platform_at()
    platform.ingestion = IngestionClient(Runs())
    monkeypatch.setattr("larder.connect", lambda _stage: platform)
    assert cli.main(["ingest", "g", "rows.csv"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("larder ingest: the ingestion into g failed: bad bytes")
    assert error.count("\n") == 1
