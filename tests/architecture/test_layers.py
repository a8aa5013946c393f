"""Functions stay small, and what answers a request imports nothing heavy.

Who may import whom is held by import-linter and ruff (``make lint``), not here.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("larder", "lambdas", "jobs", "stacks", "local", "examples", "benchmarks")
HEAVY = {"pyarrow", "pyiceberg", "pandas", "pydantic", "yaml", "jsonschema", "numpy", "duckdb"}


def functions(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.end_lineno - node.lineno + 1


@pytest.mark.parametrize("package", PACKAGES)
def test_functions_have_30_lines_at_most_and_constructors_40(package):
    sources = sorted((ROOT / package).rglob("*.py"))
    assert sources
    long_functions = {
        f"{path.relative_to(ROOT)}:{name}": lines
        for path in sources
        for name, lines in functions(path)
        if lines > (40 if name == "__init__" else 30)
    }
    assert long_functions == {}


@pytest.mark.parametrize(
    "module", ["larder.records.api.operations", "larder.groups.api.operations"]
)
def test_the_api_imports_nothing_heavy(module):
    program = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert loaded & (HEAVY | {"boto3", "botocore"}) == set()
