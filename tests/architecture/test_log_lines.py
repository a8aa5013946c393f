"""Functions write to their log by ``larder.telemetry.log`` and by nothing else."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# the command line speaks to people, and the log itself has to write somewhere
EXEMPT = ("larder/cli/", "larder/telemetry/log.py")
WRITERS = {"print", "sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__", "os.write"}
LIBRARIES = {"logging", "structlog", "warnings", "pprint"}


def sources():
    for package in ("larder", "lambdas"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(EXEMPT):
                yield name, path.read_text()


def writes(source):
    """What a module uses that writes to the process's output past the log."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name) if name in WRITERS:
                yield name
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if f"{owner}.{name}" in WRITERS:
                yield f"{owner}.{name}"
            case ast.Import(names=names):
                yield from (each.name for each in names if each.name in LIBRARIES)
            case ast.ImportFrom(module=module, names=names):
                if module in LIBRARIES:
                    yield module
                yield from (
                    f"{module}.{each.name}" for each in names if f"{module}.{each.name}" in WRITERS
                )


def test_no_other_module_writes_lines():
    found = {name: list(writes(source)) for name, source in sources()}
    assert len(found) > 200
    assert {name: uses for name, uses in found.items() if uses} == {}


@pytest.mark.parametrize(
    ("source", "uses"),
    [
        ("print(orjson.dumps({}).decode())", ["print"]),
        ("def f(log=print): ...", ["print"]),
        ("import sys\nsys.stdout.write('{}')", ["sys.stdout"]),
        ("from sys import stdout", ["sys.stdout"]),
        ("import logging", ["logging"]),
        ("log.line('INFO', message='printed')", []),
    ],
)
def test_each_way_past_the_log_is_seen(source, uses):
    assert list(writes(source)) == uses
