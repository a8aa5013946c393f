"""The layer of models' libraries: small enough, and every shared library finds what it needs."""

import re
import struct
import zipfile
from pathlib import PurePath

import pytest

from stacks.constructs.dependency_layer import INFERENCE
from stacks.constructs.layer_archive import LAMBDA, Target

MOST_BYTES = 150 * 2**20
MACHINES = {"aarch64": 183, "x86_64": 62}
OF_THE_SYSTEM = re.compile(
    r"(libc|libm|libdl|librt|libpthread|libstdc\+\+|libgcc_s|libz|ld-linux-\S+)\.so\.\d+"
)
"""What Amazon Linux 2023 has for Lambda's Python."""
TARGETS = [LAMBDA, Target(machine="x86_64", python="3.13")]


@pytest.fixture(scope="module", params=TARGETS, ids=lambda target: target.machine)
def layer(request):
    """The machine and the archive's files."""
    with zipfile.ZipFile(INFERENCE.archive(request.param)) as archive:
        files = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    return request.param.machine, files


def needed(elf):
    """The machine of a 64-bit little-endian ELF file, and the libraries that it needs."""
    machine = struct.unpack_from("<H", elf, 18)[0]
    table, size, count = *struct.unpack_from("<Q", elf, 40), *struct.unpack_from("<HH", elf, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", elf, table + n * size) for n in range(count)]
    [dynamic] = [each for each in sections if each[1] == 6]
    texts = sections[dynamic[6]]
    entries = struct.iter_unpack("<qQ", elf[dynamic[4] : dynamic[4] + dynamic[5]])
    offsets = [texts[4] + value for tag, value in entries if tag == 1]
    return machine, {elf[at : elf.index(b"\0", at)].decode() for at in offsets}


@pytest.mark.e2e
def test_the_layer_is_small(layer):
    _, files = layer
    assert sum(map(len, files.values())) <= MOST_BYTES


@pytest.mark.e2e
def test_the_layer_has_the_libraries_without_their_packages_needs(layer):
    _, files = layer
    tops = {PurePath(name).parts[1] for name in files}
    assert {"xgboost", "lightgbm", "onnxruntime", "numpy", "orjson", "hiredis"} <= tops
    assert not tops & {"scipy", "sklearn", "pandas", "google", "flatbuffers"}
    assert "python/xgboost/lib/libxgboost.so" in files
    assert "python/lightgbm/lib/lib_lightgbm.so" in files
    assert "python/xgboost/__init__.py" not in files


@pytest.mark.e2e
def test_every_library_is_of_the_machine_and_finds_what_it_needs(layer):
    machine, files = layer
    libraries = {name: data for name, data in files.items() if data[:4] == b"\x7fELF"}
    assert len(libraries) > 20
    shipped = {PurePath(name).name for name in libraries}
    missing = {}
    for name, data in libraries.items():
        found, names = needed(data)
        assert found == MACHINES[machine], name
        rest = {each for each in names - shipped if not OF_THE_SYSTEM.fullmatch(each)}
        if rest:
            missing[name] = rest
    assert missing == {}
    assert "libgomp.so.1" in needed(files["python/lightgbm/lib/lib_lightgbm.so"])[1]
    assert "lib/libgomp.so.1" in files
