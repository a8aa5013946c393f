"""Templates of prod as they were last reviewed: a change shows as a diff, no more."""

import pytest
from syrupy.extensions.json import JSONSnapshotExtension

from tests.infra.templates import masked

STACKS = (
    "Encryption",
    "FeatureGroups",
    "Ingestion",
    "MemoryProjection",
    "MemoryStore",
    "Network",
    "Observability",
    "OfflineStore",
    "OnlineStore",
    "Serving",
)


@pytest.mark.parametrize("stack", STACKS)
def test_the_template_is_the_reviewed_one(templates, snapshot, stack):
    recorded = snapshot.use_extension(JSONSnapshotExtension)
    assert masked(templates[f"prod/{stack}"]) == recorded


def test_every_stack_of_prod_has_a_snapshot(templates):
    assert set(templates.of_stage("prod")) == {f"prod/{stack}" for stack in STACKS}
