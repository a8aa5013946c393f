"""Is a port free, and if not, who holds it?"""

import socket
from contextlib import suppress
from pathlib import Path

from local.layout import HOST


def is_free(port: int) -> bool:
    """Whether a server could listen on ``port`` of the loopback interface now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port that is free now; another process may take it before the caller does."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def holder(port: int, *, proc: Path = Path("/proc")) -> str | None:
    """The process that listens on ``port``, as "name (pid)"; None where that can't be known.

    Known on Linux only, and only for processes that this user may look at.
    """
    inodes = set[str]()
    for table in ("tcp", "tcp6"):
        path = proc / "net" / table
        if path.exists():
            inodes |= _listening_inodes(path.read_text(), port)
    links = {f"socket:[{inode}]" for inode in inodes}
    for process in proc.glob("[0-9]*") if links else ():
        if links & _open_files(process):
            return f"{(process / 'comm').read_text().strip()} (pid {process.name})"
    return None


def _listening_inodes(table: str, port: int) -> set[str]:
    rows = [line.split() for line in table.splitlines()[1:]]
    listening = "0A"
    return {
        row[9] for row in rows if row[3] == listening and int(row[1].rsplit(":", 1)[1], 16) == port
    }


def _open_files(process: Path) -> set[str]:
    try:
        entries = list((process / "fd").iterdir())
    except OSError:  # the process is gone, or another user's
        return set()
    files = set[str]()
    for entry in entries:
        with suppress(OSError):  # closed since
            files.add(str(entry.readlink()))
    return files
