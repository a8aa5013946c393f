"""Other users of the machine read nothing that the strict platform keeps while it runs."""

import contextlib
import os
import stat
from pathlib import Path

import pytest

from tests.e2e.conftest import DeployedPlatform

pytestmark = pytest.mark.e2e


def test_s10_the_strict_platforms_key_data_and_environment_are_this_users_alone(
    platform: DeployedPlatform,
) -> None:
    local = platform.platform
    assert local.certificate.with_name("server.key").stat().st_mode & 0o777 == 0o600
    paths = [local.root, local.environment_file]
    for parent, directories, files in os.walk(local.root):
        paths += [Path(parent, name) for name in (*directories, *files)]
    assert {str(path): mode for path in paths if (mode := rights_of_others(path))} == {}


def rights_of_others(path: Path) -> str:
    """What other users may do; nothing with a link, nor with what a function removed meanwhile."""
    with contextlib.suppress(FileNotFoundError):
        status = path.lstat()
        if not stat.S_ISLNK(status.st_mode) and status.st_mode & 0o077:
            return stat.filemode(status.st_mode)
    return ""
