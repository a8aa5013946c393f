"""Templates of every stage as they were last reviewed: a change shows as a diff, no more."""

import pytest
from syrupy.extensions.json import JSONSnapshotExtension

from tests.infra.templates import masked

OF_EVERY_STAGE = (
    "Encryption",
    "Exposures",
    "FeatureGroups",
    "Ingestion",
    "Models",
    "Monitoring",
    "Observability",
    "OfflineStore",
    "OnlineStore",
    "Pipelines",
    "Predictions",
    "Serving",
    "Trainings",
    "Transforms",
)
OF_THE_IN_MEMORY_TIER = ("MemoryProjection", "MemoryStore", "Network")
STACKS = [f"dev/{stack}" for stack in OF_EVERY_STAGE]
STACKS += [f"prod/{stack}" for stack in (*OF_EVERY_STAGE, *OF_THE_IN_MEMORY_TIER)]


@pytest.mark.parametrize("stack", STACKS, ids=lambda name: name.replace("/", "-"))
def test_the_template_is_the_reviewed_one(templates, snapshot, stack):
    recorded = snapshot.use_extension(JSONSnapshotExtension)
    assert masked(templates[stack]) == recorded


def test_every_stack_of_every_stage_has_a_snapshot(templates):
    assert set(templates) == set(STACKS)
