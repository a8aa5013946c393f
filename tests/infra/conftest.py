"""One synth for all tests of the infrastructure: no layers are built, nothing is downloaded."""

import pytest

from stacks.assembly import assemble
from tests.infra.templates import Templates

SKIP_BUNDLING = {"aws:cdk:bundling-stacks": []}


@pytest.fixture(scope="session")
def synthesize(tmp_path_factory):
    """Synthesizes the app as ``cdk synth -c …`` would, checks included."""

    def run(**context):
        outdir = tmp_path_factory.mktemp("cdk.out")
        assemble({**SKIP_BUNDLING, **context}, str(outdir)).synth()
        return Templates(outdir)

    return run


@pytest.fixture(scope="session")
def templates(synthesize):
    """Both stages. That it comes to be at all means that cdk-nag and our rules passed."""
    return synthesize()
