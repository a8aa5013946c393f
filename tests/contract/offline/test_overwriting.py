"""Files are found in a table's manifests, however many threads look for them."""

import re
from pathlib import Path

import pytest
from pyiceberg.expressions import visitors

from larder.offline.adapters.iceberg.rewrite import replace_files
from larder.offline.adapters.iceberg.tables import IcebergTables
from local.athena.engine.commits import replace_files as replace_by_statement
from tests.support.offline import offline_group, row, rows_in, seconds, sql_catalog

ROOT = Path(__file__).parents[3]
DAYS = ("2024-01-30", "2024-01-31")


@pytest.fixture
def catalog(tmp_path):
    with sql_catalog(tmp_path) as found:
        yield found


def by_upkeep(table, old):
    assert replace_files(table, [old.file], [], {})


def by_athena(table, old):
    nothing = table.scan(row_filter="customer_id = 'absent'").to_arrow()
    replace_by_statement(table, [old], nothing)


@pytest.mark.parametrize("take_out", [by_upkeep, by_athena])
def test_no_two_looks_for_a_file_share_what_they_keep(tmp_path, catalog, monkeypatch, take_out):
    """An evaluator keeps the manifest that it looks at, and looks are in threads."""
    group = offline_group(f"file://{tmp_path}/offline")
    tables = IcebergTables(catalog, sleep=lambda _pause: None)
    tables.create(group)
    for number, day in enumerate(DAYS):
        tables.append(group, [row(f"c{number}", f"{day}T12:00:00Z")], remaining=seconds(60))
    table = catalog.load_table((group.offline.database, group.offline.table))
    [old] = [task for task in table.scan().plan_files() if DAYS[0] in task.file.file_path]
    evaluators, evaluate = [], visitors._ManifestEvalVisitor.eval

    def noted(self, manifest):
        evaluators.append(self)
        return evaluate(self, manifest)

    with monkeypatch.context() as patch:
        patch.setattr(visitors._ManifestEvalVisitor, "eval", noted)
        take_out(table, old)

    assert len(evaluators) >= 2 * len(DAYS)  # for what is taken out, and for what stays
    apart = {id(each) for each in evaluators[-2 * len(DAYS) :]}
    assert len(apart) == 2 * len(DAYS)
    assert [each["customer_id"] for each in rows_in(catalog, group)] == ["c1"]


def test_files_are_taken_out_by_no_other_way():
    """The kind: every place that takes data files out of a table."""
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("larder", "lambdas", "local", "jobs")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"\.overwrite\(|\.delete\((?:In|EqualTo|\")", path.read_text())
    }
    assert found == {
        "larder/offline/adapters/iceberg/overwriting.py",
        "local/athena/engine/commits.py",
    }
