"""Which SQL functions the SageMaker SDKs write into the statements that they send to Athena."""

import ast
import re
from pathlib import Path

from sqlglot.dialects.trino import Trino

from tests.conformance import environments

LISTED = Path(__file__).with_name("sdk") / "functions.txt"
_PACKAGES = {2: "sagemaker/feature_store", 3: "sagemaker/mlops/feature_store"}
_CALL = re.compile(r"""(?<![\w.])([a-z][a-z0-9_]*)\((?=['"{]|$|\)\s+OVER)""")
# Names of one word are pandas' and Glue's types as well.
_KNOWN = {name.lower() for name in Trino.Parser.FUNCTIONS if "_" in name}


def listed():
    """The functions that the repository knows of."""
    return set(LISTED.read_text().split())


def written_by(version):
    """The functions in the SDK's own source: called in a text, or named by a text of its own."""
    python = environments.interpreter(version)
    (packages,) = python.parents[1].glob("lib/python*/site-packages")
    sources = (packages / _PACKAGES[version]).glob("*.py")
    return set().union(*(_functions(path.read_text(encoding="utf-8")) for path in sources))


def _functions(source):
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            found.update(_CALL.findall(node.value))
            found.update({node.value} & _KNOWN)
    return found
