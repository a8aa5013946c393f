"""``python -m tests.conformance``: run the suite against an endpoint, or the local platform.

Without ``--endpoint`` the platform is brought up on this machine in strict mode and taken down
again. With it, credentials and region come from the AWS SDK's own settings, and
LARDER_OFFLINE_BUCKET and LARDER_WORKGROUP name what the stacks' outputs say. Tests mostly wait, so
that more of them run at once than there are cores; ``--workers 0`` runs them one by one. ``--door
function-url`` calls the data plane at its Function URL and everything else at the API, ``--door
direct`` asks the rows of the data plane of the Python client, which finds the stores by the
environment that ``make env`` prints.
``LARDER_CONFORMANCE_TARGET=sagemaker`` asks Amazon SageMaker itself. Whatever comes after ``--``
goes to pytest.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from local import environment, signing
from local.errors import LocalPlatformError
from tests.conformance import environments, report
from tests.conformance.checklist import rows
from tests.support.strict_platform import strict_platform

_SERVICES = ("SAGEMAKER", "SAGEMAKER_FEATURESTORE_RUNTIME")
_DATA_PLANE = (
    "batch_write",
    "collections",
    "delete_and_expiry",
    "event_times",
    "groups",
    "histories",
    "put",
    "read",
    "update_group",
    "update_record",
)
"""What asks nothing but the members of operations: no headers, no signatures."""


def main():
    parser = _parser()
    options = parser.parse_args()
    if options.function_url and not options.endpoint:
        parser.error("--function-url is a deployed platform's: give its --endpoint too")
    door = "" if options.door == "api" else f"-{options.door}"
    options.results = options.results or Path(f"build/conformance{door}.json")
    # A caller that names tests gets an SDK's interpreter made when one of them asks for it.
    for version in () if options.pytest or options.door == "direct" else (2, 3, "mlflow"):
        print(f"         client {version}: {environments.interpreter(version)}", flush=True)
    try:
        with _target(options) as variables:
            status = _run(options, variables)
    except LocalPlatformError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    if options.report and options.results.exists():
        options.report.write_text(report.page(options.results), encoding="utf-8")
        print(f"written to {options.report}")
    return status


def _parser():
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--endpoint", default="", help="a deployed platform's ApiEndpoint")
    doors = ["api", "function-url", "direct"]
    parser.add_argument("--door", choices=doors, default="api", help="see above")
    parser.add_argument(
        "--function-url", metavar="URL", help="a deployed platform's FunctionUrl; with --endpoint"
    )
    parser.add_argument("--results", type=Path, help="where they go, as JSON")
    parser.add_argument("--report", type=Path, help="write docs/compatibility.md there")
    parser.add_argument("--soak", action="store_true", help="the long random histories too")
    workers = (os.cpu_count() or 1) + 2
    parser.add_argument("--workers", type=int, default=workers, help="how many tests at once")
    parser.add_argument("pytest", nargs="*", help="more arguments for pytest")
    return parser


@contextmanager
def _target(options):
    """The environment that names the target."""
    if options.endpoint:
        urls = {f"AWS_ENDPOINT_URL_{service}": options.endpoint for service in _SERVICES}
        if options.function_url:
            urls[f"AWS_ENDPOINT_URL_{_SERVICES[1]}"] = options.function_url
        models = Path("build/conformance/models").absolute()
        overlay = signing.write_overlay(models, options.function_url)
        yield {"AWS_DATA_PATH": str(overlay), **os.environ, **urls}
    elif os.environ.get("LARDER_CONFORMANCE_TARGET") == "sagemaker":
        yield dict(os.environ)
    else:
        with (
            tempfile.TemporaryDirectory(prefix="larder-conformance-") as root,
            strict_platform(Path(root)) as (platform, outputs),
        ):
            by_url = options.door == "function-url"
            named = environment.through_function_url if by_url else environment.variables
            # Groups go with the platform; deleting them one by one is other tests' business.
            keep = {"LARDER_CONFORMANCE_KEEP_GROUPS": "1"}
            yield {**os.environ, **named(platform, outputs), **keep}


def _run(options, variables):
    sagemaker = variables.get("LARDER_CONFORMANCE_TARGET") == "sagemaker"
    in_process = [test for row in rows().values() if not sagemaker for test in row.in_process]
    selection = "" if options.soak else "not soak"
    direct = [f"tests/conformance/test_{name}.py" for name in _DATA_PLANE]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-m", selection]
    command += ["--conformance-results", str(options.results), "-n", str(options.workers)]
    asked = direct if options.door == "direct" else ["tests/conformance", *in_process]
    named = {**variables, "LARDER_CONFORMANCE_DOOR": options.door}
    return subprocess.run([*command, *(options.pytest or asked)], env=named, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
