"""The platform that end-to-end and conformance tests run against: deployed, in strict mode.

``LARDER_E2E_REUSE=1`` takes the strict platform of this clone (started if need be) and leaves it
running: quicker while one writes a test.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from local import commands, processes, services
from local.errors import LocalPlatformError
from local.layout import PORT_VARIABLES, REPOSITORY, Platform
from local.ports import free_port
from local.progress import Progress
from tests.support.deadlines import eventually
from tests.support.locks import install_tools

_REUSE = "LARDER_E2E_REUSE"
_SPARK = "spark"
"""A file that says that a test wants Spark; without it the platform is one that has none."""
_UP_SECONDS = 280


@contextmanager
def strict_platform(root: Path) -> Iterator[tuple[Platform, dict[str, str]]]:
    """The running platform and its stacks' outputs, in a directory of its own and on free ports.

    Raises:
        LocalPlatformError: it did not come up.
    """
    platform = _platform(root)
    try:
        yield platform, _up(platform)
    finally:
        _stop(platform)


class SharedPlatform:
    """A pytest plugin: one strict platform for all workers of a run, if any of its tests needs one.

    It comes up in a process of its own while other tests run. The process in which pytest was
    started owns its directory, and stops it at the end.
    """

    NAME = "shared-platform"

    def __init__(self, config: pytest.Config) -> None:
        worker = getattr(config, "workerinput", None)
        self._starts = worker is None or worker["workerid"] == "gw0"
        self._owns = worker is None
        self._root = Path(worker["strict_platform"]) if worker else None
        self._failed = False

    @property
    def root(self) -> Path:
        """The directory of the platform and of what is noted of it, made when first asked for."""
        if self._root is None:
            self._root = Path(tempfile.mkdtemp(prefix="larder-e2e-"))
        return self._root

    def wait(self) -> tuple[Platform, dict[str, str]]:
        """The running platform and its stacks' outputs, once it is up.

        Raises:
            LocalPlatformError: it did not come up.
        """
        outcome = self.root / "outcome.json"
        eventually(outcome.exists, seconds=_UP_SECONDS)
        told = json.loads(outcome.read_text())
        if "error" in told:
            raise LocalPlatformError(f"the platform did not come up: {told['error']}")
        return _platform(self.root), told["outputs"]

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker the directory."""
        node.workerinput["strict_platform"] = str(self.root)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Begin to bring it up."""
        asked = any(
            each.get_closest_marker("e2e") and "platform" in getattr(each, "fixturenames", ())
            for each in session.items
        )
        if any("spark" in getattr(each, "fixturenames", ()) for each in session.items):
            (self.root / _SPARK).touch()
        if self._starts and asked and not session.config.getoption("collectonly"):
            with (self.root / "up.log").open("w") as log:
                process = subprocess.Popen(
                    [sys.executable, "-m", "tests.support.strict_platform", self.root],
                    cwd=REPOSITORY,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            (self.root / "pid").write_text(str(process.pid))
            process.returncode = 0  # else this worker would warn that it ends before the process

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Note whether the logs will be of use."""
        self._failed = exitstatus != 0

    def pytest_unconfigure(self) -> None:
        """Stop it; its logs stay where a test failed."""
        if self._root is None or not self._owns:
            return
        started = (self._root / "pid").exists()
        if started and not (self._root / "outcome.json").exists():
            with suppress(ProcessLookupError):
                os.killpg(int((self._root / "pid").read_text()), signal.SIGKILL)
        if started:
            _stop(_platform(self._root))
        if started and self._failed:
            print(f"logs of the deployed platform: {self._root}")
        else:
            shutil.rmtree(self._root)


def _platform(root: Path) -> Platform:
    """The platform of a directory; its free ports are found once."""
    if os.environ.get(_REUSE):
        return Platform.from_environment(strict=True)
    ports = root / "ports.json"
    if not ports.exists():
        ports.write_text(json.dumps({name: free_port() for name in PORT_VARIABLES}))
    return Platform(
        root=root / "platform",
        environment_file=root / "platform" / "env",
        ports=json.loads(ports.read_text()),
        strict=True,
        batch_window_limit=2.0,
        spark=(root / _SPARK).exists(),
    )


def _up(platform: Platform) -> dict[str, str]:
    """The platform with the repository's definitions and those of the end-to-end tests."""
    install_tools(platform.tools)
    context = {
        "definitions": _together(platform, "features", "features", "tests/e2e/definitions"),
        "predictions": _together(platform, "predictions", "predictions", "tests/e2e/predictions"),
        "trainings": _together(platform, "trainings", "tests/e2e/trainings"),
    }
    return commands.up(platform, Progress(), context)


def _together(platform: Platform, name: str, *folders: str) -> str:
    """A folder with the definition files of several ones of the repository."""
    files = sorted(file for each in folders for file in (REPOSITORY / each).glob("*.yaml"))
    # a folder of another name where a file is another one, so that a platform is deployed again
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    together = platform.root / f"definitions-{digest}" / name
    together.mkdir(parents=True, exist_ok=True)
    for file in files:
        shutil.copy(file, together)
    return str(together)


def _stop(platform: Platform) -> None:
    """End its processes at once: nothing of what they hold is read again."""
    if not os.environ.get(_REUSE):
        for name in reversed(services.NAMES):
            processes.stop(platform, name, seconds=0)


def _main(root: Path) -> None:
    """Bring the platform of a directory up, and write there how that went."""
    try:
        outcome: dict[str, object] = {"outputs": _up(_platform(root))}
    except LocalPlatformError as error:
        outcome = {"error": str(error)}
    except Exception:
        outcome = {"error": traceback.format_exc()}
    written = root / "outcome.tmp"
    written.write_text(json.dumps(outcome))
    written.rename(root / "outcome.json")


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
