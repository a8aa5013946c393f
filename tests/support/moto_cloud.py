"""moto as a process of its own: S3, Glue and DynamoDB over HTTP, until its standard input ends.

moto ignores the ``VersionId`` of Glue's UpdateTable, so concurrent commits would silently undo each
other. Here a stale version is refused as Glue refuses it. And of two conditional PutObject at once
moto lets both look before either writes; here they take turns, as in S3. So do all requests to
DynamoDB: moto's answers show items of which half is written. The latest instant that a table can be
restored to stays where it began in moto; here it goes on, as in DynamoDB.

Requests are not logged, and moto's own folders are listed once: a third of the time went there.
"""

import contextlib
import functools
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from moto import backends
from moto.core.exceptions import JsonRESTError
from moto.core.responses import EmptyResult
from moto.core.utils import unix_time
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.responses import DynamoHandler
from moto.glue.responses import GlueResponse
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.s3.responses import S3Response
from moto.server import ThreadedMotoServer

_LOCK = threading.Lock()
_DYNAMODB = threading.Lock()


@contextlib.contextmanager
def moto_cloud() -> Iterator[str]:
    """Start it and give its endpoint."""
    command = [sys.executable, "-m", "tests.support.moto_cloud"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("moto's process has no pipes")
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(timeout=30)


def _update_table(self: Any) -> EmptyResult:
    parameters = self.parameters
    table_input = parameters["TableInput"]
    version = parameters.get("VersionId")
    with _LOCK:
        table = self.glue_backend.get_table(parameters["DatabaseName"], table_input["Name"])
        current = str(table._current_version)
        if version is not None and version != current:
            raise JsonRESTError(
                "ConcurrentModificationException", f"version {version} is not {current}"
            )
        table.update(table_input)
    return EmptyResult()


_put_object = S3Response.put_object


def _put_in_turn(self: Any) -> Any:
    with _LOCK:
        return _put_object(self)


_call_dynamodb = DynamoHandler.call_action


def _call_in_turn(self: Any) -> Any:
    with _DYNAMODB:
        return _call_dynamodb(self)


_describe_continuous_backups = DynamoDBBackend.describe_continuous_backups


def _restorable_until_now(self: Any, table_name: str) -> Any:
    found = _describe_continuous_backups(self, table_name)
    recovery = found["PointInTimeRecoveryDescription"]
    if recovery["PointInTimeRecoveryStatus"] == "ENABLED":
        recovery["LatestRestorableDateTime"] = unix_time()
    return found


_modules = tuple(backends.list_of_moto_modules())


def _lighten() -> None:
    """Leave out of each request what always comes to the same."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    backends.list_of_moto_modules = lambda: _modules
    find = functools.cache(DomainDispatcherApplication.get_backend_for_host)
    DomainDispatcherApplication.get_backend_for_host = find  # type: ignore[method-assign]


def _serve() -> None:
    _lighten()
    DynamoDBBackend.describe_continuous_backups = _restorable_until_now  # type: ignore[method-assign]
    DynamoHandler.call_action = _call_in_turn  # type: ignore[method-assign]
    GlueResponse.update_table = _update_table  # type: ignore[method-assign]
    S3Response.put_object = _put_in_turn  # type: ignore[method-assign]
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    print(f"http://{host}:{port}", flush=True)
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    _serve()
