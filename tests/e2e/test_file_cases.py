"""Rows as people have them reach the deployed platform's stores, or the rejects with a reason."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.file_cases import CASES

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("case", CASES)
def test_case(platform, tmp_path, case):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "LARDER_"))}
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.file_cases", case, str(tmp_path)],
        env={**kept, **platform.environment},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr[-3000:]
