"""A function's code: the modules that its handler imports, compiled where that is of use.

Lambda's file system is read-only, so that without ``.pyc`` files every cold start compiles every
module again. They are written only where the interpreter that synthesizes has the minor version
that will run them: any other version ignores them. With ``unchecked-hash`` the import system takes
them without a look at the source.
"""

import shutil
import sys
from collections.abc import Sequence
from compileall import compile_dir
from pathlib import Path, PurePath
from py_compile import PycInvalidationMode

import jsii
from aws_cdk import BundlingOptions, DockerImage, IgnoreMode, ILocalBundling
from aws_cdk import aws_lambda as lambda_

from larder.errors import ConfigurationError
from stacks.constructs.layer_archive import ROOT, Target
from stacks.constructs.shipped_modules import shipped_files


def function_code(name: str, target: Target) -> lambda_.Code:
    """The code of ``lambdas/<name>``: an edit of a module that it does not import keeps its hash.

    Import paths are the same as in the repository. The hash is that of the sources and, where they
    are compiled, of the interpreter's version too.
    """
    bundling = None
    if target.python == Target.of_host().python:
        bundling = BundlingOptions(
            image=DockerImage.from_registry("none"),  # never used: ``local`` always succeeds
            local=_Compiled(name),
            command=[str(sys.implementation.cache_tag)],  # part of the hash
        )
    return lambda_.Code.from_asset(
        str(ROOT),
        ignore_mode=IgnoreMode.GIT,
        exclude=_all_but(shipped_files(name)),
        bundling=bundling,
    )


def _all_but(files: Sequence[str]) -> list[str]:
    """Patterns of a ``.gitignore`` that ignore everything but ``files``.

    Git never enters a folder that is ignored, so each folder on the way is named as well.
    """
    folders = {parent for file in files for parent in PurePath(file).parents}
    patterns = ["/*"]
    for folder in sorted(folders - {PurePath()}, key=lambda path: len(path.parts)):
        patterns += [f"!/{folder}", f"/{folder}/*"]
    return patterns + [f"!/{file}" for file in files]


def copy_compiled(name: str, into: Path) -> None:
    """Copy the sources of a function, and compile them for this interpreter.

    Raises:
        ConfigurationError: a module does not compile.
    """
    for file in shipped_files(name):
        target = into / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, target)
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
