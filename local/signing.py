"""Make unmodified AWS clients sign for API Gateway, by what every user of Larder has for that."""

import subprocess
import sys
from pathlib import Path

from local.errors import LocalPlatformError
from local.layout import REPOSITORY


def write_overlay(directory: Path) -> Path:
    """Write the model overlay by ``larder configure``; returns what AWS_DATA_PATH should name."""
    command = [sys.executable, "-m", "larder", "configure", "--directory", str(directory)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LocalPlatformError(f"`larder configure` failed: {done.stderr.strip()}")
    return directory
