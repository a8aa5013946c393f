"""Other users of the machine read nothing that the strict platform keeps while it runs."""

import pytest

from tests.e2e.conftest import DeployedPlatform

pytestmark = pytest.mark.e2e


def test_s10_the_strict_platforms_key_data_and_environment_are_this_users_alone(
    platform: DeployedPlatform,
) -> None:
    local = platform.platform
    assert local.certificate.with_name("server.key").stat().st_mode & 0o777 == 0o600
    paths = [local.root, local.environment_file, *local.root.rglob("*")]
    readable = [p for p in paths if not p.is_symlink() and p.exists() and p.stat().st_mode & 0o077]
    assert readable == []
