"""The table of exposures in Iceberg, by the offline store's own means."""

from dataclasses import replace
from math import inf, nan

import pytest

from larder.models.exposure_table import exposures_table
from larder.models.keep_exposures import ExposureKeeper
from larder.offline.adapters.iceberg.tables import IcebergTables
from larder.offline.adapters.iceberg.upkeep import IcebergUpkeep
from larder.offline.upkeep import UpkeepRules
from tests.support.exposures import Recording, exposure, shadow_exposure
from tests.support.offline import rows_in, seconds, sql_catalog


@pytest.fixture
def catalog(tmp_path):
    with sql_catalog(tmp_path) as found:
        yield found


@pytest.fixture
def table(tmp_path):
    group = exposures_table("larder_dev", "lake")
    location = f"file://{tmp_path}/exposures/table"
    return replace(group, offline=replace(group.offline, location=location))


def test_rows_are_read_back_and_what_comes_again_changes_nothing(catalog, table):
    made = Recording(IcebergTables(catalog), table)
    lines = [exposure(f"i-{n}", inputs=[float(n), nan, inf]) for n in range(20)]
    lines.append(shadow_exposure("i-20"))
    assert made.deliver(*lines)["rows"] == 22
    assert Recording(IcebergTables(catalog), table).deliver(*reversed(lines))["rows"] == 0
    rows = rows_in(catalog, table)
    assert len(rows) == 22
    [one] = [each for each in rows if each["inference_id"] == "i-3"]
    assert one["inputs"][0] == 3.0
    assert one["inputs"][1] != one["inputs"][1]
    assert one["inputs"][2] == inf
    assert (one["scores"], one["unit"], one["model_package_arn"]) == ([0.25], "u1", None)
    assert [each["scores"] for each in rows if each["shadow"]] == [[3.5]]


def test_its_maintenance_merges_its_files(catalog, table):
    made = Recording(IcebergTables(catalog), table)
    for number in range(6):
        made.deliver(exposure(f"i-{number}"))
    keeper = ExposureKeeper(table, IcebergTables(catalog), IcebergUpkeep(catalog), UpkeepRules())
    kept = keeper.keep(remaining=seconds(60))
    assert (kept.merged, kept.made) == (6, 1)
    assert len(rows_in(catalog, table)) == 6


def test_the_maintenance_of_a_table_that_was_never_written_makes_it(catalog, table):
    keeper = ExposureKeeper(table, IcebergTables(catalog), IcebergUpkeep(catalog), UpkeepRules())
    assert keeper.keep(remaining=seconds(60)).merged == 0
    assert rows_in(catalog, table) == []
