"""What a cold start of the read function has to load, counted rather than timed."""

import gc
import os
import subprocess
import sys

import hiredis
import orjson

from larder.settings import RuntimeSettings
from stacks.constructs.function_code import copy_compiled

SETTINGS = RuntimeSettings(
    registry_table="registry",
    records_table="records",
    account_id="123456789012",
    region="us-east-1",
    partition="aws",
)
FORBIDDEN = {
    *("boto3", "botocore", "urllib3", "http", "email", "asyncio", "concurrent", "multiprocessing"),
    *("pyarrow", "pyiceberg", "pandas", "numpy", "pydantic", "yaml", "jsonschema", "duckdb"),
}
MOST_MODULES = 180
MOST_BYTES = 10 * 2**20


def run(program, folder):
    """What a program prints that runs beside the copied function, on its own packages alone."""
    packages = os.path.dirname(os.path.dirname(orjson.__file__))  # noqa: PTH120
    start = f"import sys; sys.path[:0] = [{str(folder)!r}, {packages!r}]; "
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", start + program],
        env={**os.environ, **SETTINGS.to_env()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_read_function_loads_little_and_no_sdk(tmp_path):
    copy_compiled("runtime", tmp_path)
    modules = run("import lambdas.runtime.handler; print(*sys.modules)", tmp_path)
    assert {name.split(".")[0] for name in modules} & FORBIDDEN == set()
    assert len(modules) <= MOST_MODULES


def test_the_read_function_and_its_packages_are_small(tmp_path):
    copy_compiled("runtime", tmp_path)
    folders = [tmp_path, *(os.path.dirname(p.__file__) for p in (hiredis, orjson))]  # noqa: PTH120
    sizes = [
        os.path.getsize(os.path.join(at, name))  # noqa: PTH118, PTH202
        for folder in folders
        for at, _, names in os.walk(folder)
        for name in names
    ]
    assert sum(sizes) <= MOST_BYTES


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
    (tmp_path / "larder/codec.py").write_text("raise RuntimeError('the source was read')")
    assert run("import lambdas.runtime.handler; print('ran')", tmp_path) == ["ran"]
