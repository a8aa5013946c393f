"""One synth for all tests of the infrastructure: no layers are built, nothing is downloaded."""

import shutil

import pytest

from stacks import assembly
from stacks.constructs.layer_archive import ROOT
from tests.infra.templates import Templates

SKIP_BUNDLING = {"aws:cdk:bundling-stacks": []}


@pytest.fixture(scope="session")
def synthesize_anew(tmp_path_factory):
    """Synthesizes the app as ``cdk synth -c …`` would, checks included."""

    def run(**context):
        outdir = tmp_path_factory.mktemp("cdk.out")
        assembly.assemble({**SKIP_BUNDLING, **context}, str(outdir)).synth()
        return Templates(outdir)

    return run


@pytest.fixture(scope="session")
def synthesize(synthesize_anew):
    """The same, once for each context and choice of stages; a test that changes more makes its own."""
    made = {}

    def run(**context):
        key = repr((assembly.STAGES, sorted(context.items())))
        if key not in made:
            made[key] = synthesize_anew(**context)
        return made[key]

    return run


@pytest.fixture(scope="session")
def templates(synthesize):
    """Both stages. That it comes to be at all means that cdk-nag and our rules passed."""
    return synthesize()


@pytest.fixture
def tree(tmp_path):
    """A copy of what the app reads, with no feature groups."""
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("stacks", "larder", "lambdas", "jobs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    for file in ("app.py", "cdk.json"):
        shutil.copy(ROOT / file, tmp_path / file)
    (tmp_path / "features").mkdir()
    return tmp_path
