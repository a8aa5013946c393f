"""What a synth says of definitions that are sound and do less than they seem to."""

from pathlib import Path

from stacks.feature_groups import warnings_of

ROOT = Path(__file__).parents[2]


def test_a_pipeline_that_nothing_runs_is_named():
    found = warnings_of(ROOT / "examples" / "pipelines")
    assert [each.partition(":")[0] for each in found] == ["card", "carrier_hourly"]
    assert all("nothing is computed" in each for each in found)


def test_groups_without_a_pipeline_are_not():
    assert warnings_of(ROOT / "features") == []
