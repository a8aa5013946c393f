"""Layers: locked, reproducible, small enough, and able to do their work."""

import dataclasses
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from stacks.constructs.dependency_layer import ARRAYS, BULK, INFERENCE, LEAN, OFFLINE
from stacks.constructs.layer_archive import LAMBDA, ROOT, Target

EVERY = [LEAN, OFFLINE, BULK, ARRAYS, INFERENCE]
UNZIPPED_LIMIT = 250 * 10**6  # Lambda's, over function and layers
SHARED_WITH_THE_RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath")
APPEND = Path(__file__).with_name("append_with_layer.py")


def locked(recipe):
    text = (ROOT / recipe.lock).read_text()
    return re.split(r"\n(?=\w)", re.sub(r"(?m)^\s*#.*\n?", "", text).strip())


@pytest.mark.parametrize("recipe", EVERY, ids=lambda recipe: recipe.name)
def test_every_package_is_pinned_with_hashes_and_without_an_address(recipe):
    packages = locked(recipe)
    assert packages
    for package in packages:
        assert re.match(r"[\w.-]+==[\w.]+", package), package
        assert "--hash=sha256:" in package, package
    assert "://" not in (ROOT / recipe.lock).read_text()


@pytest.mark.parametrize("recipe", EVERY, ids=lambda recipe: recipe.name)
def test_the_lock_is_that_of_its_source(recipe):
    """``uv pip compile`` notes at each package who asked for it; its versions are the source's."""
    lock = ROOT / recipe.lock
    source = lock.with_suffix(".in")
    asked = re.findall(r"(?m)^(\w[\w-]*)(?:\[\w,]+\])?(?:==(\S+))?", source.read_text())
    pins = dict(re.match(r"([\w.-]+)==([\w.]+)", each).groups() for each in locked(recipe))
    assert asked
    assert {name: pins.get(name) for name, _ in asked} == {
        name: version or pins[name] for name, version in asked
    }
    noted = re.findall(
        rf"(?m)^([\w-]+)==[^#]*#\s*via(?:[^\n]|\n\s+#)*-r {source.name}", lock.read_text()
    )
    assert set(noted) == {name for name, _ in asked}


def test_the_offline_layer_leaves_boto3_to_the_runtime_and_shadows_none_of_its_needs():
    pins = dict(re.match(r"([\w.-]+)==([\w.]+)", each).groups() for each in locked(OFFLINE))
    assert not set(pins) & set(SHARED_WITH_THE_RUNTIME)
    assert pins["python-dateutil"].startswith("2.")  # what botocore accepts
    assert pins["urllib3"].startswith("2.")


def test_a_key_tells_recipes_targets_and_rules_apart():
    host = Target(machine="x86_64", python="3.11")
    keys = {
        LEAN.key(LAMBDA),
        LEAN.key(host),
        OFFLINE.key(LAMBDA),
        dataclasses.replace(OFFLINE, drop=()).key(LAMBDA),
    }
    assert len(keys) == 4
    assert LEAN.key(LAMBDA) == LEAN.key(Target(machine="aarch64", python="3.13"))


@pytest.mark.e2e
def test_an_archive_is_a_pure_function_of_its_recipe(tmp_path):
    one, other = (LEAN.archive(LAMBDA, tmp_path / each) for each in ("one", "other"))
    assert one.name == other.name
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.e2e
@pytest.mark.parametrize("target", [LAMBDA, Target.of_host()], ids=["lambda", "host"])
def test_layers_fit_lambda(target):
    sizes = {}
    for recipe in (LEAN, OFFLINE, BULK, ARRAYS, INFERENCE):
        with zipfile.ZipFile(recipe.archive(target)) as archive:
            sizes[recipe.name] = sum(entry.file_size for entry in archive.infolist())
    assert sizes["lean"] < 2 * 10**6
    assert sizes["offline"] < UNZIPPED_LIMIT * 0.7
    for below, above in (("offline", "bulk"), ("offline", "arrays"), ("inference", "bulk")):
        assert sizes[below] + sizes[above] < UNZIPPED_LIMIT * 0.98


@pytest.mark.e2e
def test_the_trimmed_offline_layer_appends_to_an_iceberg_table(tmp_path):
    layer = tmp_path / "layer"
    with zipfile.ZipFile(OFFLINE.archive(Target.of_host())) as archive:
        archive.extractall(layer)
    runtime = tmp_path / "runtime"  # beside the layer, Lambda's Python has boto3 and no more
    runtime.mkdir()
    packages = Path(boto3.__file__).parents[1]
    for name in SHARED_WITH_THE_RUNTIME:
        (runtime / name).symlink_to(packages / name)
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    try:
        _, port = server.get_host_and_port()
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(APPEND), str(layer / "python"), str(runtime)],
            env={**os.environ, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    finally:
        server.stop()
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "2 rows"
