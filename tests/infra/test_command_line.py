"""``app.py`` as a person runs it, in a tree of its own."""

import json
import os
import subprocess
import sys

from tests.infra.conftest import SKIP_BUNDLING


def test_a_bad_definition_file_fails_the_synth_with_file_and_line(tree):
    (tree / "features" / "broken.yaml").write_text("FeatureGroupName: flights\nColour: red\n")
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=tree,
        env={
            **os.environ,
            "CDK_OUTDIR": str(tree / "cdk.out"),
            "CDK_CONTEXT_JSON": json.dumps(SKIP_BUNDLING),  # as the CDK's command line passes it
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "broken.yaml:2: " in done.stderr
    assert "Colour" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tree / "cdk.out" / "manifest.json").exists()
