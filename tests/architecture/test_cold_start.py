"""What a cold start of a lean function has to load, counted rather than timed."""

import ast
import gc
import os
import random
import subprocess
import sys
from pathlib import Path

import hiredis
import orjson
import pytest

from larder.aws.retries import Retries
from larder.settings.control import ControlSettings
from larder.settings.inference import InferenceSettings
from larder.settings.memory_projector import MemoryProjectorSettings
from larder.settings.runtime import RuntimeSettings
from stacks.constructs.function_code import copy_compiled

ROOT = Path(__file__).parents[2]
SITE = Path(orjson.__file__).parents[1]
HERE = {"region": "us-east-1"}
HOME = {**HERE, "registry_table": "registry", "account_id": "123456789012", "partition": "aws"}
TIER = {"valkey_address": "127.0.0.1:1", "valkey_tls": 0}
CONTROL = ControlSettings(**HOME, offline_bucket="lake", glue_database="larder", kms_key_arn="key")
RUNTIME = RuntimeSettings(**HOME, records_table="records")
TIERED = RuntimeSettings(**HOME, records_table="records", **TIER)
INFERENCE = InferenceSettings(**HOME, records_table="records", models_bucket="lake")
PROJECTOR = MemoryProjectorSettings(**HERE, **TIER)
HEAVY = {
    *("pyarrow", "pyiceberg", "pandas", "numpy", "pydantic", "yaml", "jsonschema", "duckdb"),
    *("sqlglot", "redis", "aws_cdk", "moto"),
}
SDK = {"boto3", "botocore", "urllib3", "http", "email", "asyncio", "concurrent", "multiprocessing"}
# function, its settings, what it may not load beside the heavy, and how many modules it may
LEAN = {
    "runtime": ("runtime", RUNTIME, SDK, 206),
    "runtime with the tier": ("runtime", TIERED, SDK, 229),
    # its libraries are loaded with the first model
    "inference": ("inference", INFERENCE, SDK | {"onnxruntime", "scipy"}, 275),
    "memory_projector": ("memory_projector", PROJECTOR, SDK, 191),
    "control": ("control", CONTROL, SDK, 278),
    # the custom resource speaks boto3, which Lambda's own Python has; it reads endpoints' documents
    "feature_groups": ("feature_groups", CONTROL, {"asyncio"}, 476),
}
IN_SNAPSHOTS = ("runtime", "runtime with the tier")
MOST_BYTES = 10 * 2**20


def run(program, folder, settings=RUNTIME):
    """What a program prints that runs beside the copied function, on its own packages alone."""
    start = f"import sys; sys.path[:0] = [{str(folder)!r}, {str(SITE)!r}]; "
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", start + program],
        env={**os.environ, **settings.to_env()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("case", LEAN)
def test_a_lean_function_loads_little(tmp_path, case):
    name, settings, forbidden, most = LEAN[case]
    copy_compiled(name, tmp_path)
    modules = run(f"import lambdas.{name}.handler; print(*sys.modules)", tmp_path, settings)
    assert {module.split(".")[0] for module in modules} & (HEAVY | forbidden) == set()
    assert len(modules) <= most


@pytest.mark.parametrize("name", sorted({name for name, *_ in LEAN.values()}))
def test_a_lean_function_and_its_packages_are_small(tmp_path, name):
    copy_compiled(name, tmp_path)
    folders = (tmp_path, Path(orjson.__file__).parent, Path(hiredis.__file__).parent)
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= MOST_BYTES


@pytest.mark.parametrize("case", IN_SNAPSHOTS)
def test_a_snapshot_has_no_connection_and_no_thread_in_it(tmp_path, case):
    name, settings, *_ = LEAN[case]
    copy_compiled(name, tmp_path)
    program = f"""import gc, socket, threading, lambdas.{name}.handler
gc.unfreeze()
print(sum(isinstance(each, socket.socket) for each in gc.get_objects()), threading.active_count())
"""
    assert run(program, tmp_path, settings) == ["0", "1"]


@pytest.mark.parametrize("case", IN_SNAPSHOTS)
def test_nothing_that_a_snapshot_holds_draws_from_a_generator_seeded_at_import(tmp_path, case):
    name, settings, *_ = LEAN[case]
    copy_compiled(name, tmp_path)
    loaded = run(f"import lambdas.{name}.handler; print(*sys.modules)", tmp_path, settings)
    ours = [ROOT / f"{module.replace('.', '/')}.py" for module in loaded]
    drawing = {
        path.name: imported
        for path in ours
        if path.is_file()
        for node in ast.walk(ast.parse(path.read_text()))
        if (imported := _from_random(node))
    }
    assert drawing == {"jitter.py": ["SystemRandom"]}


def test_all_chance_is_the_systems():
    """Pauses of the offline functions and of programs, too, are theirs alone."""
    drawing = {
        path.relative_to(ROOT).as_posix()
        for package in ("larder", "lambdas")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if _from_random(node)
    }
    assert drawing == {"larder/jitter.py"}


def test_two_copies_of_one_snapshot_pause_differently():
    pauses = set()
    for _ in range(2):
        random.seed(1)  # the state that both were restored with
        pauses.add(Retries().random())
    assert len(pauses) == 2


def _from_random(node):
    if isinstance(node, ast.Import) and any(alias.name == "random" for alias in node.names):
        return ["random"]
    if isinstance(node, ast.ImportFrom) and node.module == "random":
        return [alias.name for alias in node.names]
    return []


def test_what_the_function_has_loaded_is_never_walked_by_the_collector_again(tmp_path):
    copy_compiled("runtime", tmp_path)
    program = "import gc, lambdas.runtime.handler; print(gc.get_freeze_count(), gc.isenabled())"
    frozen, enabled = run(program, tmp_path)
    assert int(frozen) > 10_000
    assert enabled == str(gc.isenabled())


def test_compiled_modules_are_taken_without_a_look_at_their_source(tmp_path):
    copy_compiled("runtime", tmp_path)
    sources = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.py")}
    compiled = {
        path.relative_to(tmp_path).parent.parent / f"{path.name.split('.')[0]}.py"
        for path in tmp_path.rglob("*.pyc")
    }
    assert compiled == sources
    (tmp_path / "larder/records/codec.py").write_text("raise RuntimeError('the source was read')")
    assert run("import lambdas.runtime.handler; print('ran')", tmp_path) == ["ran"]
