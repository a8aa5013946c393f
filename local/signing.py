"""Make unmodified AWS clients sign for Larder's endpoints, as its users do."""

import subprocess
import sys
from pathlib import Path

from local.errors import LocalPlatformError
from local.layout import REPOSITORY


def write_overlay(directory: Path, function_url: str | None = None) -> Path:
    """Write the model overlay by ``larder configure``; returns what AWS_DATA_PATH should name.

    Clients of the data plane sign for API Gateway, or for ``function_url`` if there is one.
    """
    command = [sys.executable, "-m", "larder", "configure", "--directory", str(directory)]
    command += ["--function-url", function_url] if function_url else []
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LocalPlatformError(f"`larder configure` failed: {done.stderr.strip()}")
    return directory
