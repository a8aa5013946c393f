"""Where the C libraries of model runtimes are: in their wheels, whose Python parts are not needed.

Loading a library by ctypes takes 5 to 15 ms; importing its Python package takes 250 ms and more,
with scipy and pandas behind it.
"""

from __future__ import annotations

import ctypes
from importlib.util import find_spec
from pathlib import Path

from larder.errors import MissingDependency


def load(package: str, file: str) -> ctypes.CDLL:
    """The library ``lib/<file>`` of an installed package, which is not imported.

    Raises:
        MissingDependency: it is not installed, or a library that it needs is not.
    """
    spec = find_spec(package)
    roots = list(spec.submodule_search_locations or ()) if spec else []
    for root in roots:
        path = Path(root) / "lib" / file
        if path.exists():
            try:
                return ctypes.CDLL(str(path))
            except OSError as error:
                raise MissingDependency(
                    f"{file} can't be loaded ({error}): install the library that it names."
                ) from error
    raise MissingDependency(
        f"{file} of package {package} is not installed: it comes with the layer of the inference "
        f"function, or from requirements.txt."
    )
