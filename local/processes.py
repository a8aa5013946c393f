"""Processes of the platform: started in the background, remembered by pid file, stopped by pid."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from local import ports, whole_file
from local.errors import LocalPlatformError
from local.layout import PORT_VARIABLES, REPOSITORY, Platform
from local.waiting import PATIENCE_SECONDS, Stalled, processor_time, signs_of_life, wait

_PORT_SECONDS = 2.0
_DUMP_SECONDS = 5.0
# Kept for their whole life: a process object that is collected warns that its process runs on.
_children: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A program of the platform: how to make ready for it, start it and see that it answers.

    ``shows_threads`` says that it writes where its threads are to its log when it is aborted.
    """

    name: str
    command: list[str]
    environment: Mapping[str, str]
    healthy: Callable[[], bool]
    prepare: Callable[[], None] = lambda: None
    shows_threads: bool = False
    patience_seconds: float = PATIENCE_SECONDS


def start(platform: Platform, service: Service) -> None:
    """Start the service and wait until it answers, for as long as it makes progress.

    Raises:
        LocalPlatformError: its port is taken, it exits, or it neither answers nor makes progress.
    """
    _require_free_port(platform, service.name)
    service.prepare()
    process, log = _spawn(platform, service), platform.log(service.name)
    try:
        wait(
            lambda: process.poll() is not None or service.healthy(),
            lambda: signs_of_life(process.pid, log),
            patience=service.patience_seconds,
        )
    except Stalled as stalled:
        used = processor_time(process.pid)
        if service.shows_threads:
            process.send_signal(signal.SIGABRT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_DUMP_SECONDS)
        stop(platform, service.name, seconds=5)
        what = f"does not answer: {stalled}, after {used} of processor time"
        raise LocalPlatformError(_did_not_start(platform, service.name, what)) from None
    if process.poll() is not None:
        forget(platform, service.name)
        what = f"exited with status {process.returncode}"
        raise LocalPlatformError(_did_not_start(platform, service.name, what))


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
    """Ask the service to end, and wait for as long as it makes progress.

    It is killed after ``seconds`` without progress. True if it ended by itself.
    """
    known = _known(platform, name)
    ended = True
    if known and _is(known["pid"], known["command"]):
        os.kill(known["pid"], signal.SIGTERM)
        ended = _wait_gone(platform, name, known, seconds)
        if not ended:
            os.killpg(known["pid"], signal.SIGKILL)
            _wait_gone(platform, name, known, seconds)
    forget(platform, name)
    return ended


def tail(path: Path, lines: int) -> str:
    """The last lines of a text file; empty if it does not exist."""
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
    known = _Known(pid=process.pid, command=service.command, port=port)
    whole_file.replace(record, json.dumps(known))
    return process


def _require_free_port(platform: Platform, name: str) -> None:
    port = platform.ports[name]
    deadline = time.monotonic() + _PORT_SECONDS
    longest = deadline + PATIENCE_SECONDS
    while not ports.is_free(port) and time.monotonic() < longest:
        # A process that was killed a moment ago may still hold it, on a busy machine for a while.
        if time.monotonic() > deadline and ports.holder(port) is not None:
            break
        time.sleep(0.05)
    if ports.is_free(port):
        return
    holder = ports.holder(port) or "another process"
    raise LocalPlatformError(
        f"port {port}, wanted by the {name}, is held by {holder}; stop that, or choose another "
        f"port: {PORT_VARIABLES[name]}={port + 1000}"
    )


def _did_not_start(platform: Platform, name: str, what: str) -> str:
    log = platform.log(name)
    words = tail(log, 40) or "(it wrote nothing)"
    return f"the {name} {what}; the end of {log}:\n{words}"


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


def _wait_gone(platform: Platform, name: str, known: _Known, seconds: float) -> bool:
    log = platform.log(name)
    try:
        wait(
            lambda: not _is(known["pid"], known["command"]),
            lambda: signs_of_life(known["pid"], log),
            patience=seconds,
        )
    except Stalled:
        return False
    return True


def _reap() -> None:
    """Collect our children that have ended: uncollected they would look alive."""
    _children[:] = [child for child in _children if child.poll() is None]
