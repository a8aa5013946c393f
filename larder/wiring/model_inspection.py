"""The process that inspects a model: it reads a job, and writes what it found.

It has no credentials, writes into its own folder alone, and has limits on time, memory and files.
So the worst that a hostile file can do is to end it.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from larder.errors import ValidationError
from larder.models.adapters import mlmodel_yaml
from larder.models.adapters.xgboost_runtime import Booster, Ensemble
from larder.models.archive import ModelFile, unpacked
from larder.models.images import Image
from larder.models.inspect import Inspection
from larder.models.ports import LoadedModel
from larder.wiring.model_runtimes import NativeRuntimes

_CPU_SECONDS: Final = 30
_FILE_BYTES: Final = 600 * 2**20


def main(job: dict[str, Any]) -> dict[str, Any]:
    """What is found of the job's model, or why it is refused."""
    folder = Path(job["folder"])
    try:
        if job["archive"] is not None:
            files = unpacked(Path(job["archive"]), folder)
        else:
            files = [ModelFile(name, Path(path)) for name, path in job["files"]]
        found = Inspection(NativeRuntimes(), _to_ubj, mlmodel_yaml.parsed, _check)(
            files, Image.from_json(job["image"]), job["environment"]
        )
    except ValidationError as error:
        return {"refused": str(error)}
    except MemoryError:
        return {"refused": "The model takes more memory than the import has: make it smaller."}
    return {
        "runtime": found.runtime.value,
        "width": found.width,
        "columns": list(found.columns),
        "files": [str(path) for path in found.files],
        "features": found.features,
        "ignored": list(found.ignored),
        "texts": sorted(found.texts),
        "parity": found.parity
        and {"rows": found.parity.rows, "missing": sorted(found.parity.missing)},
    }


def _to_ubj(old: bytes) -> bytes:
    return Booster.read(old).ubj()


def _check(model: LoadedModel, artefacts: Sequence[bytes]) -> None:
    """Refuse trees that only look like trees; imported here, for numpy takes its time."""
    from larder.models.adapters import lightgbm_runtime, onnx_trees, tree_checks  # noqa: PLC0415
    from larder.models.adapters.onnx_runtime import OnnxModel  # noqa: PLC0415

    if isinstance(model, OnnxModel):
        onnx_trees.check_onnx(artefacts[0])
        return
    boosters = model.boosters if isinstance(model, Ensemble) else [model]
    for each in boosters:
        if isinstance(each, Booster):
            tree_checks.check_xgboost(each.ubj())
        elif isinstance(each, lightgbm_runtime.Booster):
            tree_checks.check_lightgbm(each.text())


def limit(memory_bytes: int) -> None:
    """Bound what this process may use from now on."""
    for what, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_FSIZE, _FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    given = orjson.loads(sys.stdin.buffer.read())
    limit(given["memory_bytes"])
    Path(given["answer"]).write_bytes(orjson.dumps(main(given)))
