"""The wheel: what is in it, what it needs, and what it does where nothing else is installed."""

import re
import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path

import orjson
import pytest

import larder
from larder.extras import DISTRIBUTION, EXTRAS
from tests.support.installed import PROGRAM, TOLD, published_stage, run

ROOT = Path(__file__).parents[2]
NOT_OURS = ("tests", "local", "lambdas", "jobs", "stacks", "benchmarks", "examples", "features")
MODULES = {"pyyaml": ("yaml",), "boto3": ("boto3", "botocore")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built by the checkout's own build system."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def metadata(wheel):
    with zipfile.ZipFile(wheel) as files:
        (name,) = (each for each in files.namelist() if each.endswith(".dist-info/METADATA"))
        return message_from_string(files.read(name).decode())


@pytest.fixture(scope="module")
def alone(wheel, tmp_path_factory):
    """Runs a program by a Python that has the wheel and orjson, and no other package."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as files:
        files.extractall(folder)
    (folder / "orjson").symlink_to(Path(orjson.__file__).parent)
    start = f"import sys; sys.path.insert(0, {str(folder)!r})\n"

    def program(text, variables=None):
        return run([sys.executable, "-I", "-S", "-B", "-c", start + text], variables)

    return program


def test_the_wheel_holds_the_library_and_nothing_of_the_repository(wheel):
    with zipfile.ZipFile(wheel) as files:
        names = files.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"larder", f"larder_feature_platform-{larder.__version__}.dist-info"}
    assert {"larder/py.typed", "larder/cost/prices.yaml", "larder/cli/main.py"} <= set(names)
    ours = {str(path.relative_to(ROOT)) for path in (ROOT / "larder").rglob("*.py")}
    assert {name for name in names if name.endswith(".py")} == ours
    assert not [name for name in names if set(Path(name).parts) & set(NOT_OURS)]
    assert wheel.stat().st_size < 3 * 2**20


def test_two_builds_are_one_file(wheel, tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def test_the_version_is_said_in_one_place(metadata):
    assert (metadata["Name"], metadata["Version"]) == (DISTRIBUTION, larder.__version__)
    texts = [(ROOT / name).read_text() for name in ("pyproject.toml", "larder/__init__.py")]
    assert [f'version = "{larder.__version__}"' in text for text in texts] == [False, False]


def test_the_extras_bring_the_modules_that_errors_name(metadata):
    requires = metadata.get_all("Requires-Dist")
    assert [each for each in requires if "extra ==" not in each] == ["orjson>=3.10"]
    brought = {extra: _brought(extra, requires) for extra in EXTRAS}
    assert {extra: set(modules) for extra, modules in EXTRAS.items()} == brought
    assert set(metadata.get_all("Provides-Extra")) == {*EXTRAS, "all"}


def _brought(extra, requires):
    """The modules of an extra; the build has put what other extras bring in their place."""
    names = (re.match(r"[\w-]+", each)[0] for each in requires if f"extra == '{extra}'" in each)
    return {module for name in names for module in MODULES.get(name, (name,))}


def test_orjson_alone_is_enough_to_find_a_platform_and_to_use_its_records(alone):
    with published_stage() as variables:
        *told, loaded = alone(PROGRAM, variables).splitlines()
    assert told == TOLD
    assert set(loaded.split()) == {"__main__", "larder", "orjson"}


def test_importing_the_package_imports_no_module_of_it_and_no_other_package(alone):
    loaded = set(alone("import larder; print(*sys.modules)").split())
    assert {each for each in loaded if each.startswith("larder")} == {"larder"}
    assert {each.partition(".")[0] for each in loaded} - set(sys.stdlib_module_names) == {
        "__main__",
        "larder",
    }


PARTS = {
    "groups": "aws",
    "training_sets": "offline",
    "ingestion": "offline",
    "materialization": "offline",
    "offline": "offline",
    "erasure": "offline",
}


@pytest.mark.parametrize(("part", "extra"), PARTS.items())
def test_a_part_without_its_packages_names_the_extra(alone, part, extra):
    told = alone(f"""
import os, larder
os.environ["LARDER_REGION"] = "us-east-1"
try:
    larder.connect().{part}
except larder.errors.MissingDependency as error:
    print(isinstance(error, ImportError), error)
""")
    assert re.search(rf"True {part} needs the package \w+, .*\[{extra}\]'", told), told


@pytest.mark.parametrize(
    ("call", "extra"),
    [
        ("to_pandas", "pandas"),
        ("to_polars", "polars"),
        ("to_arrow", "arrow"),
        ("to_numpy", "numpy"),
    ],
)
def test_a_form_without_its_package_names_the_extra(alone, call, extra):
    told = alone(f"""
import larder
from larder.client.many_records import Records
try:
    Records([], None, None).{call}()
except larder.errors.MissingDependency as error:
    print(error)
""")
    assert f"pip install '{DISTRIBUTION}[{extra}]'" in told


def test_the_command_line_says_what_it_is_where_nothing_else_is_installed(alone):
    start = "from larder.cli.main import main; sys.argv = ['larder', {}]; main()"
    assert alone(start.format("'--version'")) == f"larder {larder.__version__}\n"
    assert "training-set" in alone(start.format("'--help'"))


def test_help_imports_no_command(alone):
    loaded = alone("""
from larder.cli.main import main
try:
    main(["--help"])
except SystemExit:
    pass
print(*sys.modules)
""").splitlines()[-1]
    cli = {each for each in loaded.split() if each.startswith("larder.cli.")}
    assert cli == {"larder.cli.main", "larder.cli.pipes"}
    assert "orjson" not in loaded.split()


@pytest.mark.parametrize("name", ["configure", "redrive", "cost"])
def test_a_commands_help_imports_no_other_command(alone, name):
    loaded = alone(f"""
from larder.cli.main import COMMANDS, main
try:
    main(["{name}", "--help"])
except SystemExit:
    pass
print(*(other for other, (module, _) in COMMANDS.items() if f"larder.cli.{{module}}" in sys.modules))
""").splitlines()[-1]
    assert loaded == name
