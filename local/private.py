"""The platform's files are this user's alone: among them are keys, credentials and all data."""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

_OTHERS = 0o077


@contextmanager
def new_files() -> Iterator[None]:
    """Other users may not read what this process and its children make in the block.

    Files get mode 0600 and directories 0700. The umask is the whole process's, threads included.
    """
    before = os.umask(_OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def close(directory: Path, *, trusted: Collection[str] = ()) -> None:
    """Make the directory, or take all rights on it and on what it holds from other users.

    Links are not followed. Subdirectories named by ``trusted`` are left as they are if the
    directory was closed before: they are large, hold no secrets and were made closed.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    was_closed = not directory.stat().st_mode & _OTHERS
    _close_one(directory)
    left = set(trusted) if was_closed else set[str]()
    for parent, directories, files in os.walk(directory):
        if Path(parent) == directory:
            directories[:] = [name for name in directories if name not in left]
        for name in (*directories, *files):
            _close_one(Path(parent, name))


def _close_one(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
        if mode & _OTHERS and not path.is_symlink():
            path.chmod(mode & ~_OTHERS & 0o7777)
    except FileNotFoundError:
        return  # a running service has removed it since
