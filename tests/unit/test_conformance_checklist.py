"""The conformance suite's bookkeeping: every row that is claimed has a test, every result is told."""

import json
import re
from pathlib import Path

import pytest

from tests.conformance.checklist import Row, rows
from tests.conformance.notebook_answers import ANSWERS
from tests.conformance.report import notebooks, page
from tests.conformance.results import client_of, result, rows_of, table

TESTS = Path(__file__).parents[1]
SUITE = "".join(path.read_text() for path in (TESTS / "conformance").glob("test_*.py"))
TESTED = {row for name in re.findall(r"def (test_row_\w+)\(", SUITE) for row in rows_of(name)}


def test_the_checklists_have_121_and_115_rows_of_known_levels():
    assert [n for n, row in rows().items() if not row.is_of_models] == list(range(1, 122))
    assert [n for n, row in rows().items() if row.is_of_models] == [
        *range(201, 305),
        *(309, 310, 312),
        *range(313, 321),
    ]
    assert {row.level for row in rows().values()} == set("MSBO")


def test_every_row_that_is_claimed_has_a_test_and_no_other():
    claimed = {n for n, row in rows().items() if not row.later and not row.missing}
    shown_in_process = {n for n, row in rows().items() if row.in_process}
    assert claimed == TESTED | shown_in_process


def test_every_test_in_process_that_is_named_exists():
    for row in rows().values():
        for nodeid in row.in_process:
            file, _, name = nodeid.partition("::")
            assert f"def {name}(" in (TESTS.parent / file).read_text(), nodeid


@pytest.mark.parametrize(
    ("nodeid", "numbers", "client"),
    [
        ("tests/conformance/test_put.py::test_row_053_a_put", [53], "boto3"),
        ("tests/conformance/test_sdk2.py::test_row_068_104_missing[x]", [68, 104], "sagemaker v2"),
        ("tests/conformance/test_histories.py::test_five_histories", [], "boto3"),
        (rows()[26].in_process[0], [26], "in process"),
        (rows()[74].in_process[0] + "[some-case]", [74], "in process"),
    ],
)
def test_a_tests_name_says_its_rows_and_its_file_the_client(nodeid, numbers, client):
    assert (rows_of(nodeid), client_of(nodeid)) == (numbers, client)


@pytest.mark.parametrize(
    ("outcomes", "about", "expected"),
    [
        (["passed", "skipped"], {}, "passed"),
        (["passed", "failed"], {}, "failed"),
        (["skipped"], {}, "skipped"),
        ([], {}, "not run"),
        ([], {"later": "why"}, "later"),
        ([], {"missing": "why"}, "missing"),
        (["failed"], {"later": "why"}, "failed"),
    ],
)
def test_a_row_is_as_good_as_its_worst_test(outcomes, about, expected):
    row = Row(row=1, area="put", level="M", expect="x", **about)
    assert result(row, [{"outcome": each} for each in outcomes]) == expected


def test_results_become_a_table_and_a_page(tmp_path):
    test = {
        "test": "tests/conformance/test_put.py::test_row_053_a_put_replaces[a]",
        "client": "boto3",
    }
    found = {
        "boto3": "1.44.5",
        "rows": [
            {"row": n, "result": "later" if row.later else "failed", "tests": []}
            for n, row in rows().items()
        ],
    }
    found["rows"][52] |= {"result": "passed", "tests": [test | {"outcome": "passed"}]}
    lines = list(table(found))
    assert any(line.split()[:4] == ["53", "put", "M", "passed"] for line in lines)
    path = tmp_path / "results.json"
    path.write_text(json.dumps(found))
    written = page(path)
    assert "| 53 | put | M |" in written
    assert "`a_put_replaces`" in written
    assert "failed, deviates" in written
    assert "make conformance ENDPOINT=" in written
    assert "**`m1_nb1_introduction_to_feature_store`**" in written


def test_seven_notebooks_have_a_program_with_answers_and_say_what_is_left_out():
    assert len(notebooks()) == 7
    assert {each["program"] for each in notebooks()} == {program for program, _ in ANSWERS}
    for each in notebooks():
        assert each["left_out"], each["notebook"]
