"""One connection to a node: requests out, as many replies in.

After an exception a connection must be closed: a reply may be outstanding, and a later request
would take it for its own.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from hiredis import ProtocolError, Reader

from larder.aws.idle_connections import is_readable
from larder.aws.trust import Trust
from larder.errors import ConfigurationError
from larder.valkey.replies import ErrorReply
from larder.valkey.requests import auth_request

_CHUNK = 65_536
_NO_TIME = 1e-6
"""Seconds, where none are left: ``ssl`` refuses a timeout of 0."""
FAULTS = (OSError, ProtocolError, ErrorReply)
"""What a network may do to a connection; anything else is a bug."""
Credentials = Callable[[], tuple[str, str]]


@dataclass(frozen=True, slots=True, order=True)
class ValkeyEndpoint:
    """A server; ``ca_bundle`` is a file of certificates that alone are trusted."""

    host: str
    port: int
    tls: bool = True
    ca_bundle: str | None = None

    @classmethod
    def at(cls, address: str, *, tls: bool, ca_bundle: str | None = None) -> ValkeyEndpoint:
        """The endpoint of ``host:port``; an IPv6 address is in brackets.

        Raises:
            ConfigurationError: it is not of that form.
        """
        host, _, port = address.rpartition(":")
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        elif ":" in host:
            host = ""
        if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
            raise ConfigurationError(
                f"Valkey's address {address!r} is not of the form host:port, with a port of 1 to "
                "65535 and an IPv6 address in brackets."
            )
        return cls(host, int(port), tls, ca_bundle)

    def beside(self, host: str, port: int) -> ValkeyEndpoint:
        """Another node of the same cluster, reached in the same way."""
        return replace(self, host=host, port=port)


class Deadline:
    """A moment some seconds from now."""

    __slots__ = ("_at", "_seconds")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._at = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left, 0 where it has passed.

        A socket with a timeout of 0 still gives what has already arrived.
        """
        return max(0.0, self._at - time.monotonic())

    def renewed(self) -> Deadline:
        """As many seconds, from now on."""
        return Deadline(self._seconds)

    def share(self, parts: int) -> Deadline:
        """The end of an equal part of what is left."""
        return Deadline(self.remaining() / parts)


class Connection:
    """An open connection; ``opened`` is when, by the monotonic clock.

    ``answered`` says whether a byte came in since the last request went out.
    """

    __slots__ = ("_reader", "_socket", "answered", "opened")

    def __init__(self, connected: socket.socket, opened: float) -> None:
        self._socket = connected
        self._reader = Reader(replyError=ErrorReply)
        self.opened = opened
        self.answered = False

    def send(self, requests: bytes, deadline: Deadline) -> None:
        """Send.

        Raises:
            OSError: it failed, or did not end in time.
        """
        self.answered = False
        self._socket.settimeout(deadline.remaining())
        self._socket.sendall(requests)

    def receive(self, count: int, replies: list[object], deadline: Deadline) -> None:
        """Append replies until there are ``count``; those before an error stay in the list.

        Raises:
            OSError: the connection failed, or time is over.
            ProtocolError: the server sent something else than a reply.
        """
        read = self._reader.gets
        while len(replies) < count:
            reply = read()
            if reply is not False:  # RESP2 has no booleans
                replies.append(reply)
                continue
            self._socket.settimeout(deadline.remaining())
            data = self._socket.recv(_CHUNK)
            if not data:
                raise ConnectionResetError("closed by the server")
            self.answered = True
            self._reader.feed(data)

    def has_more(self) -> bool:
        """Whether more came in than the replies that were read."""
        return self._reader.has_data()

    def is_readable(self) -> bool:
        """Whether the server sent something unasked: that it closes, or garbage."""
        return is_readable(self._socket)

    def close(self) -> None:
        """Close it."""
        self._socket.close()


class Connector:
    """Opens connections to the nodes of one deployment, all in the same way.

    ``trust`` is ``None`` for connections without TLS. ``clock`` is monotonic and gives a
    connection's age.
    """

    def __init__(
        self,
        trust: Trust | None,
        credentials: Credentials | None,
        connect_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._trust = trust
        self._credentials = credentials
        self.connect_seconds = connect_seconds
        self.clock = clock

    def open(self, endpoint: ValkeyEndpoint) -> Connection:
        """Connect and authenticate, within ``connect_seconds``.

        Raises:
            OSError: no server accepted the connection in time.
            ErrorReply: the server refused the credentials.
        """
        if self._trust is None:
            return self._open(endpoint, None)
        return self._trust.connect(lambda context: self._open(endpoint, context))

    def _open(self, endpoint: ValkeyEndpoint, tls: ssl.SSLContext | None) -> Connection:
        deadline = Deadline(self.connect_seconds)
        opened: socket.socket = _connected(endpoint.host, endpoint.port, deadline)
        try:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None:
                opened.settimeout(deadline.remaining() or _NO_TIME)
                opened = tls.wrap_socket(opened, server_hostname=endpoint.host)
            connection = Connection(opened, self.clock())
            self._authenticate(connection, deadline)
        except BaseException:
            opened.close()
            raise
        return connection

    def _authenticate(self, connection: Connection, deadline: Deadline) -> None:
        if self._credentials is None:
            return
        replies: list[object] = []
        connection.send(auth_request(*self._credentials()), deadline)
        connection.receive(1, replies, deadline)
        if isinstance(replies[0], ErrorReply):
            raise replies[0]


def _connected(host: str, port: int, deadline: Deadline) -> socket.socket:
    """A socket to the first of a host's addresses that accepts; all of them share the time."""
    failure: OSError | None = None
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host!r} is not a host name") from error
    for *_, address in found:
        try:
            return socket.create_connection((str(address[0]), port), deadline.remaining())
        except OSError as error:
            failure = error
    raise failure or OSError(f"{host} has no address")
