"""Inspection of models in a process of its own, which a hostile file may end and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from larder.errors import ValidationError
from larder.models.archive import ModelFile
from larder.models.images import Image
from larder.models.inspect import Inspected
from larder.models.parity import Parity
from larder.models.served import Runtime

_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "HOME", "TZ", "LANG")
"""Variables that the process gets: none with credentials."""


@dataclass(frozen=True, slots=True)
class InspectionProcess:
    """Implements ``larder.models.import_model.Inspector``.

    ``module`` is what it runs. ``seconds`` is how long it may take, ``memory_bytes`` the address
    space that it may have.
    """

    module: str

    seconds: float
    memory_bytes: int

    def __call__(
        self,
        data: Path | Sequence[ModelFile],
        image: Image,
        environment: Mapping[str, str],
        folder: Path,
    ) -> Inspected:
        archive = str(data) if isinstance(data, Path) else None
        files = [] if isinstance(data, Path) else [(file.name, str(file.path)) for file in data]
        job = {
            "archive": archive,
            "files": files,
            "image": asdict(image),
            "environment": dict(environment),
            "folder": str(folder),
            "memory_bytes": self.memory_bytes,
            "answer": str(folder / "answer"),
        }
        self._run(orjson.dumps(job), folder)
        return self._inspected(orjson.loads((folder / "answer").read_bytes()))

    @staticmethod
    def _inspected(found: Mapping[str, Any]) -> Inspected:
        if "refused" in found:
            raise ValidationError(found["refused"])
        parity = found["parity"]
        return Inspected(
            runtime=Runtime(found["runtime"]),
            width=found["width"],
            columns=tuple(found["columns"]),
            files=tuple(Path(path) for path in found["files"]),
            features=found["features"],
            ignored=tuple(found["ignored"]),
            texts=frozenset(found["texts"]),
            parity=parity and Parity(parity["rows"], frozenset(parity["missing"])),
        )

    def _run(self, job: bytes, folder: Path) -> None:
        passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        path = os.pathsep.join(each for each in sys.path if each)
        try:
            done = subprocess.run(  # noqa: S603 - Python itself, and a module of ours
                [sys.executable, "-P", "-m", self.module],
                input=job,
                stdout=subprocess.DEVNULL,  # what the libraries print says nothing to anybody
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env={**passed, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
                timeout=self.seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ValidationError(
                f"The model did not load and score within {self.seconds:g} s: make it smaller, or "
                "save it again, for its file may be damaged."
            ) from error
        if done.returncode != 0:
            raise ValidationError(
                f"The library ended with {_ending(done.returncode)} while it loaded the model: the "
                "file is damaged, or larger than the import's memory. Save it again."
            )


def _ending(code: int) -> str:
    if code >= 0:
        return f"status {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
