"""A process that inspects many damaged model files, each in a fork of itself.

A fork does what the import's own process does, within the same limits. What is accepted there is
loaded once more and scores many rows, as the inference function would. Run it as ``python -m
tests.faults.model_fuzz FORM FIRST COUNT FOLDER``; it prints a JSON object. The whole file is
``FOLDER/whole``: to train it here would begin threads, with which no process can be forked.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sys
from array import array
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import numpy as np

from larder.models.images import image_of
from larder.models.ports import Matrix
from larder.models.served import Runtime
from larder.wiring import model_inspection
from larder.wiring.model_runtimes import NativeRuntimes

MEMORY_BYTES = 1_500 * 2**20
_CPU_SECONDS, _WALL_SECONDS = 10, 120
_ODD = (b"\0", b"\xff", b"\x7f", b"\x80", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80")
_NUMBERS = (b"-1", b"0", b"1", b"2147483647", b"-2147483648", b"99999999999", b"1e38", b"nan")
_ROWS = 300


def mutated(whole: bytes, form: str, number: int) -> bytes:
    """A model's file with some damage, always the same for the same number."""
    chance = random.Random(f"{form} {number}")
    data = bytearray(whole)
    for _ in range(chance.choice((1, 1, 1, 2, 4, 16))):
        chance.choice((_flip, _overwrite, _cut, _drop, _double, _move, _renumber))(data, chance)
    return bytes(data)


def _place(data: bytearray, chance: random.Random) -> int:
    return chance.randrange(len(data)) if data else 0


def _flip(data: bytearray, chance: random.Random) -> None:
    place = _place(data, chance)
    data[place : place + 1] = bytes([chance.randrange(256)])


def _overwrite(data: bytearray, chance: random.Random) -> None:
    place, odd = _place(data, chance), chance.choice(_ODD)
    data[place : place + len(odd)] = odd


def _cut(data: bytearray, chance: random.Random) -> None:
    if chance.random() < 0.3:
        del data[_place(data, chance) :]


def _drop(data: bytearray, chance: random.Random) -> None:
    place = _place(data, chance)
    del data[place : place + chance.choice((1, 4, 64))]


def _double(data: bytearray, chance: random.Random) -> None:
    place = _place(data, chance)
    data[place:place] = data[place : place + chance.choice((1, 4, 64))]


def _move(data: bytearray, chance: random.Random) -> None:
    to, source, size = _place(data, chance), _place(data, chance), chance.choice((4, 8, 64))
    data[to : to + size] = data[source : source + size]


def _renumber(data: bytearray, chance: random.Random) -> None:
    """Another number in the place of one that is written out, where there is one."""
    place = next((n for n in range(_place(data, chance), len(data)) if chr(data[n]).isdigit()), 0)
    end = place
    while end < len(data) and chr(data[end]).isdigit():
        end += 1
    data[place:end] = chance.choice(_NUMBERS)


def rows(width: int) -> array[float]:
    """Values of many sizes, with missing ones among them."""
    values = np.random.default_rng(5).normal(size=_ROWS * width) * 3
    values[::7], values[3::50], values[5::51] = np.nan, 1e30, -1e30
    return array("f", values.astype("f4").tobytes())


def serve(found: dict[str, object]) -> None:
    """Load what was kept, and score."""
    kept = [Path(path).read_bytes() for path in found["files"]]
    model = NativeRuntimes()[Runtime(found["runtime"])].load(kept)
    model.predict(Matrix(rows(model.width), _ROWS, model.width))


def outcome(whole: bytes, form: str, number: int, folder: Path) -> str:
    """What became of one: ``refused``, ``ended``, ``served``, or in words what must not be."""
    (folder / "model").write_bytes(mutated(whole, form, number))
    answer = folder / "answer"
    answer.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        _in_child(folder, answer)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if not answer.exists():
        return "ended" if code < 0 else f"the import failed with status {code}"
    if "refused" in json.loads(answer.read_bytes()):
        return "refused"
    if code:
        ending = signal.Signals(-code).name if code < 0 else f"status {code}"
        return f"accepted, and then serving ended with {ending}"
    return "served"


def _in_child(folder: Path, answer: Path) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    model_inspection.limit(MEMORY_BYTES)
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    signal.alarm(_WALL_SECONDS)
    job = {
        "archive": None,
        "files": [("model", str(folder / "model"))],
        "image": asdict(image_of("larder")),
        "environment": {},
        "folder": str(folder),
    }
    try:
        found = model_inspection.main(job)
        (folder / "written").write_text(json.dumps(found))
        (folder / "written").rename(answer)
        if "refused" not in found:
            serve(found)
    except BaseException:
        os._exit(1)
    os._exit(0)


def _main(form: str, first: int, count: int, folder: Path) -> None:
    runtimes = NativeRuntimes()
    for runtime in (Runtime.XGBOOST, Runtime.LIGHTGBM, Runtime.ONNX):
        runtimes[runtime]  # loads its library, which every fork then has
    whole = (folder / "whole").read_bytes()
    told = {n: outcome(whole, form, n, folder) for n in range(first, first + count)}
    kinds = Counter(told.values())
    bad = {n: text for n, text in told.items() if text not in ("refused", "ended", "served")}
    print(json.dumps({"kinds": kinds, "bad": bad}))


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
