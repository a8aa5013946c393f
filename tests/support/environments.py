"""Interpreters with packages that Larder's own environment can't hold; made once and kept."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.locks import lock

ROOT = Path(__file__).resolve().parents[2]


def interpreter(directory, requirements):
    """The Python of an environment with what a requirements file pins; made if need be.

    Workers of a test run may ask at once: one makes it, the others wait.
    """
    python, marker = directory / "bin" / "python", directory / ".ready"
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    with lock(directory):
        if not marker.exists() or marker.read_text() != wanted:
            shutil.rmtree(directory, ignore_errors=True)
            uv = Path(sys.executable).with_name("uv")
            _run(uv, "venv", "--quiet", "--python", sys.executable, directory)
            install = ("pip", "install", "--quiet", "--system-certs", "--python", python)
            _run(uv, *install, "-r", requirements)
            marker.write_text(wanted)
    return python


def _run(*command):
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{done.stderr[-3000:]}")
