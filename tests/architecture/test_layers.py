"""Dependencies point inwards, files stay small, and a lean function stays lean."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("larder", "lambdas", "stacks", "local", "examples", "benchmarks")
MAY_IMPORT = {
    "larder": {"larder"},
    "lambdas": {"lambdas", "larder"},
    "stacks": {"stacks", "larder"},
    "local": {"local"},
    "examples": {"larder"},
    "benchmarks": {"benchmarks", "lambdas", "larder", "stacks"},
}
CORE_FORBIDS = {"boto3", "botocore", "aws_cdk", "pyiceberg", "pyarrow", "hiredis", "os.environ"}
HEAVY = {"pyarrow", "pyiceberg", "pandas", "pydantic", "yaml", "jsonschema", "numpy", "duckdb"}


def sources(package):
    return sorted(path for path in (ROOT / package).rglob("*.py"))


def imported(path):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def functions(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.end_lineno - node.lineno + 1


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_inwards(package):
    found = {
        (str(path.relative_to(ROOT)), name)
        for path in sources(package)
        for name in imported(path)
        if name.split(".")[0] in PACKAGES and name.split(".")[0] not in MAY_IMPORT[package]
    }
    assert found == set()


def test_the_core_knows_no_cloud():
    outward = {"adapters", "client", "wiring", "cli", "aws", "valkey", "tabular"}
    core = [path for path in sources("larder") if not outward & set(path.parts)]
    outer = {"__main__.py"}
    found = {
        (path.name, name)
        for path in core
        if path.name not in outer
        for name in imported(path)
        if name.split(".")[0] in CORE_FORBIDS or ".adapters." in name
    }
    assert found == set()


def test_the_environment_is_read_by_the_settings_alone():
    allowed = {
        "larder/settings.py",
        "larder/cli/main.py",
        # where the AWS SDK's own variables are translated
        "larder/offline/adapters/iceberg/catalog.py",
        "larder/aws/dynamodb/wire/environment.py",
        "stacks/__init__.py",  # jsii finds Node by a variable
    }
    found = {
        str(path.relative_to(ROOT))
        for package in ("larder", "lambdas", "stacks")
        for path in sources(package)
        if "os.environ" in path.read_text() or "os.getenv" in path.read_text()
    }
    assert found <= allowed


@pytest.mark.parametrize("package", PACKAGES)
def test_files_have_200_lines_at_most_and_functions_30(package):
    long_files = {
        path.name: lines
        for path in sources(package)
        if (lines := len(path.read_text().splitlines())) > 200
    }
    long_functions = {
        f"{path.name}:{name}": lines
        for path in sources(package)
        for name, lines in functions(path)
        if lines > (40 if name == "__init__" else 30)
    }
    assert (long_files, long_functions) == ({}, {})


@pytest.mark.parametrize(
    "module", ["larder.records.api.operations", "larder.groups.api.operations"]
)
def test_the_doors_import_nothing_heavy(module):
    program = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert loaded & (HEAVY | {"boto3", "botocore"}) == set()
