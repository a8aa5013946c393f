"""Layers of locked wheels as zip files, built without Docker for any Lambda target.

An archive is a pure function of its recipe and its target. So it is built once per machine and kept
under ``build/``. Its name is the asset hash. Nothing here knows of the CDK.
"""

import hashlib
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

from larder.errors import ConfigurationError

ROOT = Path(__file__).parents[2]
_CACHE = ROOT / "build" / "layers"
_FORMAT = 1  # part of every key: raise it when the code below would build other bytes
_UNZIPPED_LIMIT = 240 * 2**20  # Lambda's 262,144,000 bytes count the function's own code too
_EPOCH = (1980, 1, 1, 0, 0, 0)
_GENERATIONS = ("2_28", "2_17", "2014")  # wheels of one lock file carry any of these tags


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where functions run: a machine type as wheels name it, and Python's minor version."""

    machine: str
    python: str

    @classmethod
    def of_host(cls) -> "Target":
        """This machine and this interpreter: the local platform runs functions on them."""
        return cls(
            machine={"arm64": "aarch64"}.get(platform.machine(), platform.machine()),
            python=f"{sys.version_info.major}.{sys.version_info.minor}",
        )


LAMBDA = Target(machine="aarch64", python="3.13")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What goes into a layer: a lock file with hashes, less the files matching ``drop``.

    ``drop`` holds glob patterns relative to the installation; a directory goes with its content.
    ``libraries`` holds pairs of a pattern and a name: the file goes to ``lib/`` under that name
    too. Lambda's loader looks there for shared libraries.
    """

    name: str
    lock: str
    drop: tuple[str, ...] = ()
    libraries: tuple[tuple[str, str], ...] = ()

    def key(self, target: Target) -> str:
        """SHA-256 over everything that decides the archive's bytes."""
        recipe = {name: each for name, each in asdict(self).items() if each or name != "libraries"}
        parts = {
            "format": _FORMAT,
            "recipe": recipe,
            "target": asdict(target),
            "lock": (ROOT / self.lock).read_text(),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def archive(self, target: Target, cache: Path = _CACHE) -> Path:
        """The layer's zip, built if this machine has not built it yet.

        Raises:
            ConfigurationError: pip could not install the lock file, or the result is too large.
        """
        path = cache / f"{self.name}-{self.key(target)}.zip"
        if path.exists():
            return path
        print(f"building layer {self.name} for {target}", file=sys.stderr)
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            installed = Path(scratch) / "python"
            _install(ROOT / self.lock, target, installed)
            _trim(installed, self.drop)
            _copy_libraries(installed, self.libraries, Path(scratch) / "lib")
            _refuse_oversize(Path(scratch), self.name)
            finished = Path(scratch) / "layer.zip"
            _zip(Path(scratch), finished)
            finished.replace(path)  # atomic, so that a second synth never sees half a layer
        return path


def _install(lock: Path, target: Target, into: Path) -> None:
    platforms = [f"--platform=manylinux_{g}_{target.machine}" for g in _GENERATIONS[:2]]
    platforms.append(f"--platform=manylinux{_GENERATIONS[2]}_{target.machine}")
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--no-compile", "--require-hashes", "--only-binary=:all:"),
        *("--implementation=cp", f"--python-version={target.python}", *platforms),
        *("--target", str(into), "--requirement", str(lock)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise ConfigurationError(
            f"{lock.name}: pip could not install it for {target}; "
            f"is a package index reachable?\n{done.stderr.strip()[-2000:]}"
        )


def _trim(installed: Path, drop: tuple[str, ...]) -> None:
    # pip's own notes differ between its versions and would make the bytes depend on them.
    notes = ("bin", "*.dist-info/RECORD", "*.dist-info/INSTALLER", "*.dist-info/REQUESTED")
    for pattern in (*notes, *drop):
        for path in sorted(installed.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def _copy_libraries(installed: Path, libraries: tuple[tuple[str, str], ...], into: Path) -> None:
    for pattern, name in libraries:
        [source] = installed.glob(pattern)
        into.mkdir(exist_ok=True)
        shutil.copy(source, into / name)


def _refuse_oversize(base: Path, name: str) -> None:
    size = sum(path.stat().st_size for path in base.rglob("*") if path.is_file())
    if size > _UNZIPPED_LIMIT:
        raise ConfigurationError(
            f"layer {name} is {size} bytes unzipped, the limit is {_UNZIPPED_LIMIT}; "
            "drop more files in its recipe"
        )


def _zip(base: Path, into: Path) -> None:
    files = sorted(path for path in base.rglob("*") if path.is_file())
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(base).as_posix(), _EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
