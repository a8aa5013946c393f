"""``app.py`` as a person runs it, in a tree of its own."""

import os
import shutil
import subprocess
import sys

import pytest

from stacks.constructs.layer_archive import ROOT


@pytest.fixture
def tree(tmp_path):
    """A copy of what the app reads, with no feature groups."""
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("stacks", "larder", "lambdas"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    for file in ("app.py", "cdk.json"):
        shutil.copy(ROOT / file, tmp_path / file)
    (tmp_path / "features").mkdir()
    return tmp_path


def test_a_bad_definition_file_fails_the_synth_with_file_and_line(tree):
    (tree / "features" / "broken.yaml").write_text("FeatureGroupName: flights\nColour: red\n")
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=tree,
        env={**os.environ, "CDK_OUTDIR": str(tree / "cdk.out")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "broken.yaml:2: " in done.stderr
    assert "Colour" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tree / "cdk.out" / "manifest.json").exists()
