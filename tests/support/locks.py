"""What workers of a test run would otherwise make at once, into the same place."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local import tools


@contextmanager
def lock(directory: Path) -> Iterator[None]:
    """Hold the lock of a directory; it ends with the process, whatever becomes of that."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with directory.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def install_tools(directory: Path) -> None:
    """The local platform's tools, if they are missing: one process installs, the others wait."""
    with lock(directory):
        for name in list(tools.missing(directory)):
            tools.install(name, directory)
