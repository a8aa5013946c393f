"""The optional dependencies of the distribution, and the error that says how to install them.

``pyproject.toml`` lists the same extras; a test compares both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from larder.errors import MissingDependency

DISTRIBUTION = "larder-feature-platform"
EXTRAS = {
    "memory": ("hiredis",),
    "aws": ("boto3", "botocore"),
    "cli": ("boto3", "botocore", "yaml"),
    "arrow": ("pyarrow",),
    "numpy": ("numpy",),
    "pandas": ("pandas", "pyarrow"),
    "polars": ("polars", "pyarrow"),
    "offline": (
        *("boto3", "botocore", "hiredis", "numpy", "pyarrow", "pyiceberg", "duckdb"),
        *("tenacity", "tqdm"),
    ),
    "pipelines": ("pyarrow", "yaml", "duckdb", "sqlglot"),
}
"""The modules that each extra brings, by the extra's name."""


@contextmanager
def needs(extra: str, purpose: str) -> Iterator[None]:
    """Import the modules of an extra inside; ``purpose`` says what they are for.

    Raises:
        MissingDependency: one of them is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in EXTRAS[extra]:
            raise
        raise MissingDependency(
            f"{purpose} needs the package {module}, which is not installed: "
            f"pip install '{DISTRIBUTION}[{extra}]'"
        ) from None
