"""Athena's JSON 1.1 protocol over HTTP on this machine.

``Callers`` decides who may call the operations that ``Protocol`` has. All others are passed on to
the emulator as they came, signature and all. So it decides who may call them.
"""

from __future__ import annotations

import json
import ssl
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from local.athena.errors import RequestRefused
from local.athena.protocol.callers import Callers, NotAuthenticated, Received
from local.athena.protocol.protocol import Protocol
from local.athena.tables.cloud import Cloud
from local.web_pages import refusal

_MAX_BODY = 2 << 20
_JSON = "application/x-amz-json-1.1"
_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "date", "server"}
_TIMEOUT_SECONDS = 30


class AthenaServer(ThreadingHTTPServer):
    """The endpoint; one thread a connection."""

    daemon_threads = True

    def __init__(
        self, address: tuple[str, int], protocol: Protocol, callers: Callers, cloud: Cloud
    ) -> None:
        super().__init__(address, _Handler)
        self.protocol = protocol
        self.callers = callers
        self.emulator = urlsplit(cloud.endpoint)
        self.tls = ssl.create_default_context(cafile=cloud.ca_bundle or None)

    def connection(self) -> HTTPConnection:
        """A connection to the emulator."""
        host = self.emulator.netloc
        if self.emulator.scheme == "https":
            return HTTPSConnection(host, timeout=_TIMEOUT_SECONDS, context=self.tls)
        return HTTPConnection(host, timeout=_TIMEOUT_SECONDS)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer waits 40 ms for an acknowledgement
    server: AthenaServer
    _answered = False

    def do_GET(self) -> None:
        """Answer the health check."""
        if self._is_of_a_web_page():
            return
        if self.path == "/health":
            self._answer(HTTPStatus.OK, {"status": "ok"})
        else:
            self._answer(HTTPStatus.NOT_FOUND, {"message": "only GET /health and POST / are here"})

    def do_POST(self) -> None:
        """Answer one operation; the client learns of a fault of ours, and stderr shows it."""
        self._answered = False
        if self._is_of_a_web_page():
            return
        try:
            self._operate()
        finally:
            if not self._answered:
                message = "The local Athena failed; its standard error says why"
                document = {"__type": "InternalServerException", "Message": message}
                self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, document)

    def _is_of_a_web_page(self) -> bool:
        """Refuse a request that a web page sent, its body unread; whether it was one."""
        reason = refusal({name.lower(): value for name, value in self.headers.items()})
        if reason is None:
            return False
        self.close_connection = True
        document = {"__type": "AccessDeniedException", "Message": reason, "message": reason}
        self._answer(HTTPStatus.FORBIDDEN, document)
        return True

    def _operate(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _MAX_BODY:
            self.close_connection = True
            refused = RequestRefused(f"Content-Length {length!r} is not 0 to {_MAX_BODY} bytes")
            self._refuse(refused)
            return
        body = self.rfile.read(int(length))
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        handle = self.server.protocol.operations.get(operation)
        if handle is None:
            self._pass_on(body)
            return
        try:
            cloud = self._admitted(operation, body)
            self._answer(HTTPStatus.OK, handle(_document(body), cloud))
        except RequestRefused as refused:
            self._refuse(refused)
        except NotAuthenticated as failed:
            self.send_response(failed.status)
            for name, value in failed.headers.items():
                self.send_header(name, value)
            self._body(failed.body)

    def _admitted(self, operation: str, body: bytes) -> Cloud:
        """The cloud as the caller may use it, who is known before the request is looked at."""
        try:
            asked = _document(body)
        except RequestRefused:
            asked = {}
        path, _, query = self.path.partition("?")
        received = Received("POST", path, query, self.headers.items(), body)
        workgroups = self.server.protocol.workgroups(asked)
        return self.server.callers.admit(received, operation, workgroups)

    def _refuse(self, refused: RequestRefused) -> None:
        document = {"__type": refused.kind, "Message": str(refused), "message": str(refused)}
        if refused.code:
            document["AthenaErrorCode"] = refused.code
        status = HTTPStatus.BAD_REQUEST
        if refused.kind == "InternalServerException":
            status = HTTPStatus.INTERNAL_SERVER_ERROR
        self._answer(status, document)

    def _pass_on(self, body: bytes) -> None:
        connection = self.server.connection()
        try:
            connection.request("POST", self.path, body, dict(self.headers.items()))
            response = connection.getresponse()
            content = response.read()
        except OSError as error:
            message = f"the emulator at {self.server.emulator.geturl()} did not answer: {error}"
            document = {"__type": "InternalServerException", "Message": message}
            self._answer(HTTPStatus.BAD_GATEWAY, document)
            return
        finally:
            connection.close()
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self._body(content)

    def _answer(self, status: HTTPStatus, document: Mapping[str, Any]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", _JSON)
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        self._body(json.dumps(document).encode())

    def _body(self, content: bytes) -> None:
        self._answered = True
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a poll a second would drown everything else."""


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        raise RequestRefused("the body is not JSON", kind="SerializationException") from None
    if not isinstance(document, dict):
        raise RequestRefused("the body is not a JSON object", kind="SerializationException")
    return document
