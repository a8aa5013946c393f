"""A function's code: the library and its own folder, compiled where that can be of use.

Lambda's file system is read-only, so that without ``.pyc`` files every cold start compiles every
module anew. They are written only where the interpreter that synthesizes is of the minor version
that will run them: any other ignores them. ``unchecked-hash`` lets the import system take them
without a look at the source.
"""

import shutil
import sys
from compileall import compile_dir
from pathlib import Path
from py_compile import PycInvalidationMode

import jsii
from aws_cdk import BundlingOptions, DockerImage, IgnoreMode, ILocalBundling
from aws_cdk import aws_lambda as lambda_

from larder.errors import ConfigurationError
from stacks.constructs.layer_archive import ROOT, Target


def function_code(name: str, target: Target) -> lambda_.Code:
    """The code of ``lambdas/<name>``: an edit of another function leaves its hash as it was.

    Import paths are the same as in the repository. The hash is that of the sources; of compiled
    code it tells the interpreter's version too.
    """
    bundling = None
    if target.python == Target.of_host().python:
        bundling = BundlingOptions(
            image=DockerImage.from_registry("none"),  # never asked for: ``local`` does it all
            local=_Compiled(name),
            command=[str(sys.implementation.cache_tag)],  # part of the hash
        )
    return lambda_.Code.from_asset(
        str(ROOT),
        ignore_mode=IgnoreMode.GIT,
        exclude=[
            *("/*", "!/larder", "!/lambdas"),
            *("/lambdas/*", "!/lambdas/__init__.py", f"!/lambdas/{name}"),
            *("**/__pycache__", "*.pyc"),
        ],
        bundling=bundling,
    )


def copy_compiled(name: str, into: Path) -> None:
    """Copy the sources of a function, and compile them for this interpreter."""
    skip = shutil.ignore_patterns("__pycache__", "*.pyc")
    for package in ("larder", f"lambdas/{name}"):
        shutil.copytree(ROOT / package, into / package, ignore=skip)
    shutil.copy(ROOT / "lambdas/__init__.py", into / "lambdas")
    if not compile_dir(
        into,
        quiet=1,
        stripdir=str(into),
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    ):
        raise ConfigurationError(f"lambdas/{name}: a module does not compile; see above")


@jsii.implements(ILocalBundling)
class _Compiled:
    """Bundling without Docker."""

    def __init__(self, name: str) -> None:
        self._name = name

    def try_bundle(self, output_dir: str, *_options: object, **_more: object) -> bool:
        """Fill ``output_dir``; always possible."""
        copy_compiled(self._name, Path(output_dir))
        return True
