"""Which modules of this repository a function needs: those that its handler imports.

They are found by reading the code and not by running it. So an import inside a function counts,
and one for type checkers alone does not. An import by a text (``importlib.import_module``) would
not be seen; a test holds that no module that ships has one.
"""

from functools import cache
from pathlib import Path
from typing import Final

import grimp

from stacks.constructs.layer_archive import ROOT

_PACKAGES: Final = ("larder", "lambdas")
_FACADE: Final = "larder"
"""The package itself, which gives programs ``larder.connect`` and the client when they ask for it.
It is imported with every module in it, and no function asks it for anything."""


@cache
def shipped_files(name: str) -> tuple[str, ...]:
    """The files of ``lambdas/<name>`` and of the library that the function runs on.

    They are paths in the repository, sorted. The packages are found on ``sys.path``, as those
    that run are.
    """
    graph = _imports()
    found: set[str] = set()
    waiting = {f"lambdas.{name}.handler"}
    while waiting:
        module = waiting.pop()
        found.add(module)
        # importing a module imports the packages that it is in
        package = module.rpartition(".")[0]
        needed = {package} if package else set()
        if module != _FACADE:
            needed |= graph.find_modules_directly_imported_by(module)
        waiting |= needed - found
    return tuple(sorted(_path_of(module) for module in found))


@cache
def _imports() -> grimp.ImportGraph:
    return grimp.build_graph(*_PACKAGES, cache_dir=None, exclude_type_checking_imports=True)


def _path_of(module: str) -> str:
    path = Path(*module.split("."))
    return str(path / "__init__.py" if (ROOT / path).is_dir() else path.with_suffix(".py"))
