"""A DynamoDB of one table that knows every key, and fails as it is told to.

A plan is a function from the number of a request to a ``Fault``. What is asked for is counted, so
that a test can say what the faults cost.
"""

import base64
import contextlib
import json
import socket
import struct
import threading
from dataclasses import dataclass, field
from enum import Enum, auto
from random import Random
from zlib import crc32

from larder.records.codec import pack

THROTTLE = "ProvisionedThroughputExceededException"


class Fault(Enum):
    NONE = auto()
    THROTTLED = auto()
    FAILED = auto()
    UNPROCESSED = auto()  # some keys of a batch are left
    RESET = auto()  # before an answer
    CUT = auto()  # in the middle of an answer
    DAMAGED = auto()  # an answer whose checksum does not hold
    SILENT = auto()  # no answer until the client gives up
    CLOSED_AFTER = auto()  # an answer, and then, unannounced, the end
    DRIPPING = auto()  # an answer in drops, without an end


def mixed(seed, **shares):
    """A plan of independent faults, each with its share of the requests."""
    random = Random(seed)

    def plan(_number):
        draw = random.random()
        for name, share in shares.items():
            draw -= share
            if draw < 0:
                return Fault[name]
        return Fault.NONE

    return plan


@dataclass
class DynamoServer:
    """The server; ``hot`` is the identifier of the record that is always throttled.

    ``meanwhile`` is called before each answer, in the thread of its connection.
    """

    plan: object
    seed: int = 0
    hot: str | None = None
    meanwhile: object = None
    keys_asked: int = 0
    requests: int = 0
    connections: int = 0
    faults: dict = field(default_factory=dict)

    def __post_init__(self):
        self._random = Random(self.seed)
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def serving(self, tls=None):
        """Serve on a free port of this machine, and give the URL."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=self._accept, args=(listener, tls), daemon=True).start()
            scheme = "https" if tls else "http"
            yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"

    def _accept(self, listener, tls):
        with contextlib.suppress(OSError):  # the listener is closed when the test is over
            while True:
                client, _ = listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connections += 1
                threading.Thread(target=self._serve, args=(client, tls), daemon=True).start()

    def _serve(self, client, tls):
        with contextlib.suppress(OSError):
            if tls:
                client = tls.wrap_socket(client, server_side=True)
            with client, client.makefile("rb") as stream:
                while request := _read(stream):
                    with self._lock:
                        fault = self.plan(self.requests)
                        self.requests += 1
                        self.faults[fault] = self.faults.get(fault, 0) + 1
                        answer = self._answer(*request, fault)
                    if self.meanwhile:
                        self.meanwhile()
                    if not _send(client, stream, answer, fault):
                        return

    def _answer(self, operation, body, fault):
        batch = operation == "BatchGetItem"
        (table, wanted), *_ = (
            body["RequestItems"].items() if batch else [("records", {"Keys": [_key(body)]})]
        )
        keys = wanted["Keys"]
        self.keys_asked += len(keys)
        if fault is Fault.FAILED:
            return 500, {"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError"}
        if fault is Fault.THROTTLED:
            return 400, {"__type": f"com.amazonaws.dynamodb.v20120810#{THROTTLE}"}
        if not batch:
            if keys[0]["sk"]["S"] == f"r{self.hot}":
                return 400, {"__type": f"com.amazonaws.dynamodb.v20120810#{THROTTLE}"}
            return 200, {"Item": _item(keys[0])} if operation == "GetItem" else {}
        left = [key for key in keys if key["sk"]["S"] == f"r{self.hot}"]
        if fault is Fault.UNPROCESSED:
            left += [key for key in keys if key not in left and self._random.random() < 0.1]
        read = [_item(key) for key in keys if key not in left]
        unread = {table: {"Keys": left, "ConsistentRead": True}} if left else {}
        return 200, {"Responses": {table: read}, "UnprocessedKeys": unread}


def _key(body):
    """The key of a request on one item."""
    whole = body.get("Key") or body["Item"]
    return {name: whole[name] for name in ("pk", "sk")}


def _item(key):
    packed = pack({0: key["sk"]["S"][1:]})
    return {
        **key,
        "v": {"B": base64.b64encode(packed).decode()},
        **{name: {"N": "1"} for name in ("n", "e", "w", "a")},
    }


def _read(stream):
    if not stream.readline():
        return None
    headers = {}
    while (line := stream.readline()) not in {b"\r\n", b""}:
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    body = json.loads(stream.read(int(headers["content-length"])))
    return headers["x-amz-target"].rpartition(".")[2], body


def _send(client, stream, answer, fault):
    """Whether the connection lives on."""
    status, members = answer
    body = json.dumps(members).encode()
    checksum = crc32(body) + (fault is Fault.DAMAGED)
    head = f"HTTP/1.1 {status} -\r\nContent-Length: {len(body)}\r\nx-amz-crc32: {checksum}\r\n\r\n"
    if fault is Fault.RESET:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
    if fault is Fault.SILENT:
        stream.read(1)  # ends when the client hangs up
        return False
    if fault is Fault.DRIPPING:
        client.sendall(head.replace(f": {len(body)}", ": 1000000").encode())
        with contextlib.suppress(OSError):  # ends when the client hangs up
            while True:
                client.sendall(b" ")
                threading.Event().wait(0.01)
        return False
    if fault is Fault.CUT:
        client.sendall(head.encode() + body[: len(body) // 2])
        return False
    client.sendall(head.encode() + body)
    return fault is not Fault.CLOSED_AFTER
