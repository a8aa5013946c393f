"""Processes of the platform: started in the background, remembered by pid file, stopped by pid."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from local import ports
from local.errors import LocalPlatformError
from local.layout import PORT_VARIABLES, REPOSITORY, Platform

_PORT_SECONDS = 2.0
# Kept for their whole life: a process object that is collected warns that its process runs on.
_children: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A program of the platform: how to make ready for it, start it and see that it answers."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    healthy: Callable[[], bool]
    prepare: Callable[[], None] = lambda: None
    start_seconds: float = 30.0


def start(platform: Platform, service: Service) -> None:
    """Start the service and wait until it answers.

    Raises:
        LocalPlatformError: its port is taken, it exits, or it does not answer in time.
    """
    _require_free_port(platform, service.name)
    service.prepare()
    process = _spawn(platform, service)
    deadline = time.monotonic() + service.start_seconds
    while not service.healthy():
        if process.poll() is not None:
            forget(platform, service.name)
            raise LocalPlatformError(_did_not_start(platform, service.name, "exited"))
        if time.monotonic() > deadline:
            stop(platform, service.name, seconds=5)
            raise LocalPlatformError(_did_not_start(platform, service.name, "does not answer"))
        time.sleep(0.05)


def running_pid(platform: Platform, name: str) -> int | None:
    """The service's process; None if it is not running."""
    known = _known(platform, name)
    return known["pid"] if known and _is(known["pid"], known["command"]) else None


def recorded_port(platform: Platform, name: str) -> int | None:
    """The port on which the service was started; None if there is no record of it."""
    known = _known(platform, name)
    return known["port"] if known else None


def died(platform: Platform, name: str) -> bool:
    """Whether the service was started and is gone without having been stopped."""
    return _record(platform, name).exists() and running_pid(platform, name) is None


def forget(platform: Platform, name: str) -> None:
    """Drop the record of a process that is gone."""
    _record(platform, name).unlink(missing_ok=True)


def stop(platform: Platform, name: str, *, seconds: float) -> bool:
    """Ask the service to end and wait; kill it after ``seconds``. True if it ended by itself."""
    known = _known(platform, name)
    ended = True
    if known and _is(known["pid"], known["command"]):
        os.kill(known["pid"], signal.SIGTERM)
        ended = _wait_gone(known["pid"], known["command"], seconds)
        if not ended:
            os.killpg(known["pid"], signal.SIGKILL)
            _wait_gone(known["pid"], known["command"], 5)
    forget(platform, name)
    return ended


def tail(path: Path, lines: int) -> str:
    """The last lines of a text file; empty if there is none."""
    return (
        "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""
    )


def _spawn(platform: Platform, service: Service) -> subprocess.Popen[bytes]:
    log, record = platform.log(service.name), _record(platform, service.name)
    log.parent.mkdir(parents=True, exist_ok=True)
    record.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            service.command,
            env=dict(service.environment),
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children.append(process)
    port = platform.ports[service.name]
    record.write_text(json.dumps(_Known(pid=process.pid, command=service.command, port=port)))
    return process


def _require_free_port(platform: Platform, name: str) -> None:
    port = platform.ports[name]
    deadline = time.monotonic() + _PORT_SECONDS
    while not ports.is_free(port) and time.monotonic() < deadline:
        time.sleep(0.05)  # a process that was killed a moment ago may still hold it
    if ports.is_free(port):
        return
    holder = ports.holder(port) or "another process"
    raise LocalPlatformError(
        f"port {port}, wanted by the {name}, is held by {holder}; stop that, or choose another "
        f"port: {PORT_VARIABLES[name]}={port + 1000}"
    )


def _did_not_start(platform: Platform, name: str, what: str) -> str:
    log = platform.log(name)
    return f"the {name} {what}; the end of {log}:\n{tail(log, 15)}"


class _Known(TypedDict):
    pid: int
    command: list[str]
    port: int


def _known(platform: Platform, name: str) -> _Known | None:
    record = _record(platform, name)
    if not record.exists():
        return None
    known: _Known = json.loads(record.read_text())
    return known


def _record(platform: Platform, name: str) -> Path:
    return platform.root / "pids" / f"{name}.json"


def _is(pid: int, command: list[str]) -> bool:
    """Whether ``pid`` still runs ``command``; pids are reused, so the command is compared."""
    _reap()
    proc = Path(f"/proc/{pid}/cmdline")
    if proc.parent.parent.joinpath("self").exists():
        try:
            return proc.read_bytes().rstrip(b"\0").split(b"\0")[1:] == [
                part.encode() for part in command[1:]
            ]
        except OSError:
            return False
    shown = subprocess.run(
        ["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False
    )
    return " ".join(command[1:]) in shown.stdout


def _wait_gone(pid: int, command: list[str], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while _is(pid, command):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _reap() -> None:
    """Collect our children that have ended: uncollected they would look alive."""
    _children[:] = [child for child in _children if child.poll() is None]
