"""``docs/compatibility.md``: what a run showed, row by row, and what Larder chose."""

import json
import re
import sys
from pathlib import Path

import yaml

from tests.conformance.checklist import rows
from tests.conformance.results import sums

_NOTEBOOKS_FILE = Path(__file__).with_name("notebooks.yaml")
_HEAD = """\
# Compatibility with Amazon SageMaker

This page is made by `make conformance` from what its tests showed; don't edit it. Each row is one thing that
SageMaker's Feature Store or its endpoints do, or that one would wish they did. Level **M** must match AWS, **S** should, **B** is better than AWS,
**O** is optional. The tests are unmodified clients: boto3 {boto3}, the SageMaker SDKs v2 and v3, and MLflow, each in an interpreter of
its own. They know nothing but an endpoint; `in process` are tests of what no endpoint does on demand.
Rows marked [?] are those where AWS does not say what it does: there our choice is a choice.

"""
_TABLE = (
    "| # | Area | Level | Expected | Result | Clients | Evidence |\n|--:|---|---|---|---|---|---|\n"
)
_MODELS = """
## Models and endpoints

Numbered from 201.

"""
_BESIDE = """
Beside the rows, random histories of all seven operations on records are compared step by step with a model of the
semantics. They have late and equal event times, time to live, both delete modes and partial updates. There are 2 x 5 histories of 50 steps at the
endpoint in each run, 2 x 250 with `--soak`, and 100 each in process.
"""
_DEVIATIONS = """
## Where Larder does not do what AWS documents

"""
_CHOICES = """
## What Larder chose

Where AWS contradicts itself or does not say, and where the test needs words.

"""
_LATER = """
## Not claimed yet

"""
_NOTEBOOKS = """
## Public notebooks

The calls of these public notebooks run in `test_notebooks.py` on small made data, with the environment alone
changed: endpoints, credentials and, on this machine, the SDKs' configuration file. Each step's answer is checked. The
environment has `sagemaker_names`, and pandas keeps texts as objects (`future.infer_string` off), as the notebooks' pandas did.
Cells are counted from 0. Cells that only import, print or draw are not named.
"""
_ELSEWHERE = """
## Asking another endpoint

`make conformance` brings the platform up on this machine in strict mode (TLS, verified signatures, evaluated policies)
and asks it. A deployed platform, with credentials and region as any AWS client has them, and names from the stacks' outputs:

    LARDER_OFFLINE_BUCKET=<OfflineBucketName> LARDER_WORKGROUP=<WorkGroupName> \\
        make conformance ENDPOINT=<ApiEndpoint>

The caller needs `execute-api:Invoke` on the API, Athena, Glue and S3 on the offline store, and IAM for two short-lived users.
Amazon SageMaker itself (rows about Larder alone are skipped; groups cost money while the run lasts):

    LARDER_CONFORMANCE_TARGET=sagemaker LARDER_OFFLINE_BUCKET=<bucket> \\
        LARDER_CONFORMANCE_ROLE=<ARN of a role that may write it> make conformance
"""


def page(path):
    """The page for the run whose results are at a path."""
    found = json.loads(Path(path).read_text(encoding="utf-8"))
    lines = [_HEAD.format(boto3=found["boto3"])]
    lines += [f"- {line}\n" for line in sums(found)]
    of_models = [each for each in found["rows"] if rows()[each["row"]].is_of_models]
    others = [each for each in found["rows"] if each not in of_models]
    lines += ["\n## Feature Store\n\n", _TABLE, *(_line(each) for each in others), _BESIDE]
    lines += [_MODELS, _TABLE, *(_line(each) for each in of_models)]
    lines += [_DEVIATIONS, *_said("deviation"), _CHOICES, *_said("choice"), _LATER]
    lines += [
        f"- **{n}** {row.expect}: {row.missing or row.later}.\n"
        for n, row in rows().items()
        if row.missing or row.later
    ]
    lines += [_NOTEBOOKS, *(_notebook(each) for each in notebooks())]
    return "".join([*lines, _ELSEWHERE])


def notebooks():
    """The public notebooks whose calls are made, and what is left out of each."""
    return yaml.safe_load(_NOTEBOOKS_FILE.read_text(encoding="utf-8"))


def _notebook(each):
    head = f"\n**`{each['notebook']}`** of {each['repository']}, by {' and '.join(each['clients'])}:\n\n"
    left_out = [f"- left out {text}\n" for text in each["left_out"]]
    return "".join([head, *left_out, *(f"- replaced {text}\n" for text in each["replaced"])])


def _said(kind):
    said = {number: getattr(row, kind) for number, row in rows().items()}
    return [f"- **{number}** {text}\n" for number, text in said.items() if text]


def _line(each):
    row = rows()[each["row"]]
    shown = [test for test in each["tests"] if test["outcome"] != "skipped"]
    clients = ", ".join(dict.fromkeys(test["client"] for test in shown))
    names = dict.fromkeys(_name(test["test"]) for test in shown)
    evidence = "<br>".join(f"`{name}`" for name in names)
    mark = " [?]" if row.unknown else ""
    result = each["result"] + (", deviates" if row.deviation else "")
    expect = row.expect.replace("|", "\\|")
    cells = (row.row, row.area, row.level, expect + mark, result, clients, evidence)
    return f"| {' | '.join(str(cell) for cell in cells)} |\n"


def _name(nodeid):
    """A test without its parameters and the rows that are named anyway."""
    return re.sub(r"^test_row_[\d_]+_", "", nodeid.rpartition("::")[2].partition("[")[0])


if __name__ == "__main__":
    sys.stdout.write(page(sys.argv[1]))
