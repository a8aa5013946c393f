"""What a function's zip holds: the modules that its handler imports, and nothing more."""

import json
import os
import re
import subprocess
import sys

import pytest

from stacks.constructs.layer_archive import ROOT

FUNCTIONS = sorted(path.parent.name for path in (ROOT / "lambdas").glob("*/handler.py"))
NEVER_SHIPPED = ("cli", "client", "cost", "testing")
# What CloudFormation puts together at deployment, where its form matters to a function.
RESOLVED = {
    "LARDER_VALKEY_ADDRESS": "cache.example:6379",
    "LARDER_ADMINISTRATORS": "arn:aws:iam::123456789012:role/LarderAdministrator",
}
IMPORT_ALL = """
import importlib, pathlib, sys
module, attribute = sys.argv[1].rsplit(".", 1)
assert callable(getattr(importlib.import_module(module), attribute))
for path in pathlib.Path.cwd().rglob("*.py"):
    importlib.import_module(".".join(path.relative_to(pathlib.Path.cwd()).with_suffix("").parts))
"""
HASHES = """
import json, pathlib, sys
from aws_cdk import App, Stack, aws_lambda
from stacks.constructs.function_code import function_code
from stacks.constructs.layer_archive import LAMBDA
stack = Stack(App(outdir=sys.argv[1], analytics_reporting=False), "Hashes")
for name in sys.argv[2:]:
    aws_lambda.Function(stack, name.replace("_", ""), runtime=aws_lambda.Runtime.PYTHON_3_13,
                        handler=name, code=function_code(name, LAMBDA))
template = stack.node.root.synth().get_stack_by_name("Hashes").template
print(json.dumps({each["Properties"]["Handler"]: each["Properties"]["Code"]["S3Key"]
                  for each in template["Resources"].values()
                  if each["Type"] == "AWS::Lambda::Function"}))
"""


def run(script, *arguments, cwd, **variables):
    done = subprocess.run(
        [sys.executable, "-B", "-c", script, *map(str, arguments)],  # nothing is added to a zip
        cwd=cwd,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def unpacked(templates, name):
    """The folder that a function's zip is made of."""
    key = templates.function("prod", name)["Code"]["S3Key"].removesuffix(".zip")
    return templates.outdir / f"asset.{key}"


def files_of(templates, name):
    folder = unpacked(templates, name)
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_every_function_has_code_of_its_own(templates):
    handlers = {properties["Handler"] for _, _, properties in templates.functions("prod")}
    assert handlers == {f"lambdas.{name}.handler.handler" for name in FUNCTIONS}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_handler_imports_from_its_own_zip_under_its_own_environment(templates, name):
    properties = templates.function("prod", name)
    environment = {
        key: value if isinstance(value, str) else RESOLVED.get(key, "resolved-at-deploy")
        for key, value in properties["Environment"]["Variables"].items()
    }
    # What an import inside a function asks for is imported too: every module that ships.
    run(IMPORT_ALL, properties["Handler"], cwd=unpacked(templates, name), **environment)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_zip_has_the_function_and_no_tool_of_people(templates, name):
    files = files_of(templates, name)
    assert f"lambdas/{name}/handler.py" in files
    foreign = tuple(f"larder/{package}/" for package in NEVER_SHIPPED)
    assert [file for file in files if file.startswith(foreign)] == []
    own = ("larder/", f"lambdas/{name}/", "lambdas/__init__.py")
    assert [file for file in files if not file.startswith(own)] == []
    assert [file for file in files if not file.endswith(".py")] == []


def test_a_function_of_the_hot_path_does_not_carry_the_offline_store(templates):
    for name in ("control", "runtime", "memory_projector"):
        assert not any(file.startswith("larder/offline/") for file in files_of(templates, name))
    assert any(file.startswith("larder/offline/") for file in files_of(templates, "maintenance"))


def test_an_import_inside_a_function_counts(templates):
    # wiring.data_plane imports it where the stage has the tier
    assert "larder/memory/tiered_reads.py" in files_of(templates, "runtime")


def test_no_module_that_ships_imports_by_a_text_or_asks_for_the_client(templates):
    for name in FUNCTIONS:
        # the package's own module does both, for programs
        for file in files_of(templates, name) - {"larder/__init__.py"}:
            text = (unpacked(templates, name) / file).read_text()
            assert not re.search(r"^\s*import larder$|\blarder\.connect\(", text, re.M), file
            assert "import_module" not in text, file
            assert "__import__" not in text, file


def test_an_edit_changes_the_functions_that_import_it_and_no_others(tree, tmp_path):
    def hashes(outdir):
        return json.loads(run(HASHES, tmp_path / outdir, *FUNCTIONS, cwd=tree))

    before = hashes("before")
    assert set(before) == set(FUNCTIONS)
    edited = [path for each in NEVER_SHIPPED for path in (tree / "larder" / each).rglob("*.py")]
    for path in [*edited, tree / "larder" / "offline" / "write.py"]:
        path.write_text(path.read_text() + "\n# edited\n")
    after = hashes("after")
    assert {name for name in FUNCTIONS if before[name] != after[name]} == {"offline_writer"}
