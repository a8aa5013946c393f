"""How the suite is set up: no deadlines, shares of examples, groups that exist."""

import ast
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import distribution
from tests.support.examples import examples

ROOT = Path(__file__).parents[2]
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))


def test_no_example_of_hypothesis_has_a_deadline():
    assert settings.default.deadline is None
    assert settings.get_profile("ci").derandomize
    for name in ("ci", "larder", "soak"):
        assert settings.get_profile(name).deadline is None


def test_a_property_takes_a_share_of_the_profiles_examples():
    assert examples(0.5).max_examples == settings.default.max_examples // 2
    fixed = [
        f"{path.relative_to(ROOT)}:{decorator.lineno}"
        for path in TESTS
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef)
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Name)
        and decorator.func.id == "settings"
        and {"max_examples", "deadline"} & {each.arg for each in decorator.keywords}
    ]
    assert fixed == []


@pytest.mark.parametrize("prefix", [*distribution._TOGETHER, *distribution._FIRST])
def test_what_is_kept_together_or_begun_first_is_there(prefix):
    assert any(str(path.relative_to(ROOT)).startswith(prefix) for path in TESTS)


def test_groups_are_modules_shared_fixtures_and_cases():
    group_of = distribution.group_of
    assert group_of("tests/unit/a/test_b.py::test_c[d]") == "tests/unit/a/test_b.py"
    assert group_of("tests/infra/test_app.py::test_a") == group_of("tests/infra/test_x.py::test_b")
    datasets = "tests/conformance/test_datasets.py"
    first, second = f"{datasets}::test_a[v2]", f"{datasets}::test_a[v3]"
    assert group_of(first) == group_of(f"{datasets}::test_b[v2]") != group_of(second)
