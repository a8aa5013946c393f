"""Files that other processes read while they are written again."""

import os
import threading
from pathlib import Path

_PRIVATE = 0o600


def replace(path: Path, text: str) -> None:
    """Replace a file at once: a process that reads it finds the old one or the new one.

    It is this user's alone, as all files of a platform are.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
    unfinished.touch(mode=_PRIVATE)
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
