"""The emulator's state is saved while it runs, so that a kill loses the last seconds only.

ministack saves its state when it is asked to end, and at no other time. Here a copy of the process
(``fork``) writes all services' state as of one moment, whenever something has changed: at most
every two seconds, and with at most a tenth of a processor. The thread that answers requests takes
the copy between two of them. So no write is in it by half.

A snapshot is a directory, complete once it bears its number as its name. Large binary values
(function layers) are files beside the snapshots, written once.
"""

import concurrent.futures
import gc
import hashlib
import logging
import os
import shutil
import signal
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import persistence
from ministack.services import lambda_svc

PAUSE_SECONDS = 2.0
_SHARE = 9  # times the processor time that a snapshot took, to wait before the next
_PATIENCE_SECONDS = 120.0
_KEPT = 2
_LARGE_BYTES = 1 << 16
_BLOB = "__larder_blob__"
_READS = ("Get", "List", "Describe", "Query", "Scan", "BatchGet")
_WITHOUT_STATE = ("/_ministack/", "/_aws/execute-api/", "/_aws/lambda-url/", "/_larder/")
_logger = logging.getLogger("larder.snapshots")

changed = threading.Event()
"""Set by whatever changes state otherwise than by a request."""


def install() -> None:
    """Load the newest snapshot when the emulator starts, and keep saving from then on."""
    directory = Path(os.environ["STATE_DIR"])
    blobs = _Blobs(directory / "blobs")
    blobs.install()
    snapshots = Snapshots(directory / "snapshots", blobs)
    # A state that an earlier release saved lies in the directory itself.
    persistence.STATE_DIR = str(snapshots.newest or directory)
    app.save_all = snapshots.save_last
    _watch_requests()
    threading.Thread(target=snapshots.keep_saving, daemon=True, name="snapshots").start()


class Snapshots:
    """The numbered snapshots in a directory, and the process that writes the next one."""

    def __init__(self, directory: Path, blobs: "_Blobs") -> None:
        self._directory = directory
        self._blobs = blobs
        self._child: int | None = None
        self._ending = False
        directory.mkdir(parents=True, exist_ok=True)

    @property
    def newest(self) -> Path | None:
        """The newest complete snapshot."""
        complete = [path for path in self._directory.iterdir() if path.name.isdigit()]
        return max(complete, key=lambda path: int(path.name), default=None)

    def keep_saving(self) -> None:
        """Write a snapshot after each change, with pauses; never returns."""
        pause = PAUSE_SECONDS
        while True:
            changed.wait()
            time.sleep(pause)
            changed.clear()
            used = self._save_in_a_copy()
            if used is None:
                changed.set()  # what was not saved is saved at the next attempt
            pause = max(PAUSE_SECONDS, _SHARE * (used or 0.0))

    def save_last(self, services: dict[str, Callable[[], Any]]) -> None:
        """Write the snapshot with which the emulator ends."""
        self._ending = True
        if self._child is not None:
            os.kill(self._child, signal.SIGKILL)
        self._write(services)
        self._blobs.remove_unused()

    def _save_in_a_copy(self) -> float | None:
        """The processor time that it took, in seconds; None if it failed."""
        forked: concurrent.futures.Future[int] = concurrent.futures.Future()
        if self._ending or app._MAIN_LOOP is None:
            return None
        app._MAIN_LOOP.call_soon_threadsafe(self._fork, forked)
        self._child = forked.result()
        try:
            return _processor_time(self._child)
        finally:
            self._child = None

    def _fork(self, forked: "concurrent.futures.Future[int]") -> None:
        child = os.fork()
        if child:
            forked.set_result(child)
            return
        status = 1
        try:
            _become_a_writer()
            self._write(app._build_persistence_save_dict())
            status = 0
        finally:
            os._exit(status)  # nothing of the emulator's own end

    def _write(self, services: dict[str, Callable[[], Any]]) -> None:
        newest = self.newest
        number = int(newest.name) + 1 if newest else 1
        part = self._directory / f"{number}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        # A service that has nothing to say keeps what it had.
        for file in newest.iterdir() if newest else ():
            os.link(file, part / file.name)
        persistence.STATE_DIR = str(part)
        persistence.save_all(services)
        part.rename(self._directory / str(number))
        for path in self._directory.iterdir():
            if path.name.isdigit() and int(path.name) <= number - _KEPT:
                shutil.rmtree(path, ignore_errors=True)


def _become_a_writer() -> None:
    """Make a copy of the process harmless: it holds no port and no connection open."""
    gc.disable()
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    logging.getLogger("persistence").setLevel(logging.WARNING)
    # The last snapshot still needs the code of functions that this one has not.
    lambda_svc._prune_orphan_code_blobs = lambda _referenced: None


def _processor_time(child: int) -> float | None:
    """What the copy has used once it has ended; None if it failed."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        done, status, usage = os.wait4(child, os.WNOHANG)
        if done and status:
            _logger.warning("a snapshot failed (status %d); the last one stays", status)
            return None
        if done:
            return usage.ru_utime + usage.ru_stime
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.02)


class _Blobs:
    """Large binary values, each in a file that is named by its digest."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._used: set[str] = set()
        directory.mkdir(parents=True, exist_ok=True)

    def install(self) -> None:
        """Have ministack's JSON hold references instead of large values."""
        encode, decode = persistence._json_default, persistence._json_object_hook

        def encoding(value: Any) -> Any:
            if isinstance(value, bytes | bytearray) and len(value) >= _LARGE_BYTES:
                return {_BLOB: self._kept(bytes(value))}
            return encode(value)

        def decoding(document: dict[str, Any]) -> Any:
            if set(document) == {_BLOB}:
                return (self._directory / document[_BLOB]).read_bytes()
            return decode(document)

        persistence._json_default = encoding
        persistence._json_object_hook = decoding

    def remove_unused(self) -> None:
        """Remove the files that no value of this process's own snapshot refers to."""
        for path in self._directory.iterdir():
            if path.name not in self._used:
                path.unlink(missing_ok=True)

    def _kept(self, value: bytes) -> str:
        digest = hashlib.sha256(value).hexdigest()
        self._used.add(digest)
        path = self._directory / digest
        if not path.exists():
            part = path.with_name(f"{digest}.part")
            part.write_bytes(value)
            part.rename(path)
        return digest


def _watch_requests() -> None:
    """Take every request for a change that does not only read."""
    serve: Callable[..., Awaitable[None]] = app.app

    async def watching(scope: dict[str, Any], receive: Any, send: Any) -> None:
        try:
            await serve(scope, receive, send)
        finally:
            if scope["type"] == "http" and _may_change(scope):
                changed.set()

    app.app = watching


def _may_change(scope: dict[str, Any]) -> bool:
    if scope["method"] in ("GET", "HEAD", "OPTIONS") or scope["path"].startswith(_WITHOUT_STATE):
        return False
    target = next((v for n, v in scope["headers"] if n.lower() == b"x-amz-target"), b"")
    return not target.decode("latin-1").rpartition(".")[2].startswith(_READS)
