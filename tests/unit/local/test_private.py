"""Other users of the machine read nothing of the local platform."""

import os
import stat
from pathlib import Path

import pytest

from local import private


def modes(directory: Path) -> dict[str, int]:
    """Permission bits by path, the directory's own under ``.``."""
    paths = [directory, *directory.rglob("*")]
    return {
        str(p.relative_to(directory)): stat.S_IMODE(p.stat().st_mode)
        for p in paths
        if not p.is_symlink()
    }


@pytest.fixture
def open_directory(tmp_path: Path) -> Path:
    """A directory as an earlier release left it: readable by everybody, a key in it."""
    root = tmp_path / "local"
    for name in ("plain/tls", "tools/bin"):
        (root / name).mkdir(parents=True)
    for name, mode in (("plain/tls/server.key", 0o644), ("env", 0o664), ("tools/bin/tool", 0o755)):
        (root / name).touch()
        (root / name).chmod(mode)
    for path in (root, *root.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
    return root


def test_a_directory_that_was_open_is_closed_with_all_it_holds(open_directory: Path) -> None:
    private.close(open_directory, trusted={"tools"})
    assert modes(open_directory) == {
        ".": 0o700,
        "plain": 0o700,
        "plain/tls": 0o700,
        "plain/tls/server.key": 0o600,
        "env": 0o600,
        "tools": 0o700,
        "tools/bin": 0o700,
        "tools/bin/tool": 0o700,
    }


def test_what_a_link_leads_to_is_left_alone(open_directory: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    elsewhere.chmod(0o755)
    (open_directory / "link").symlink_to(elsewhere)
    private.close(open_directory)
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o755


def test_new_files_and_those_of_children_are_closed_and_the_umask_comes_back(
    tmp_path: Path,
) -> None:
    before = os.umask(0o022)
    try:
        with private.new_files():
            (tmp_path / "made").mkdir()
            (tmp_path / "made" / "key").write_text("secret")
            os.system(f"touch {tmp_path}/made/child")
        (tmp_path / "after").touch()
    finally:
        os.umask(before)
    assert {k: v for k, v in modes(tmp_path).items() if k != "."} == {
        "made": 0o700,
        "made/key": 0o600,
        "made/child": 0o600,
        "after": 0o644,
    }
