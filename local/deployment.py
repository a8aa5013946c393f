"""Deploy the synthesized stacks into the emulator with the CDK's own command line."""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from local import sagemaker_config, stacks, tools
from local.clients import client
from local.errors import LocalPlatformError
from local.layout import ACCOUNT, PORT_VARIABLES, REGION, REPOSITORY, Platform
from local.processes import tail
from local.progress import Progress, Step

_SOURCES = ("app.py", "cdk.json", "stacks", "lambdas", "jobs", "larder", "features")
_EVENT = re.compile(r"^(\S+) \|\s+(\d+/\d+) \|.*\| (\S+)\s+\| (\S+)")
CHOICES = {
    "in_memory": "on",
    "function_url": "on",
    "runtime_start": "snap_start",
    "sagemaker_names": "on",
}
"""What is chosen over the stage's own choices: this machine shows every part there is."""
Choices = Mapping[str, str]
NO_OTHERS: Choices = {}


def bootstrap(platform: Platform, progress: Progress) -> None:
    """Make the CDK's own bucket and roles, unless they are there."""
    if any(s.name == stacks.BOOTSTRAP and s.is_done for s in stacks.deployed(platform)):
        return
    with progress.step("CDK's bootstrap stack made") as step:
        # Outside the application's folder: the command line would synthesize it for nothing.
        target = f"aws://{ACCOUNT}/{REGION}"
        _cdk(platform, ["bootstrap", target], cwd=platform.root / "tmp", step=step)


def deploy(platform: Platform, progress: Progress, others: Choices = NO_OTHERS) -> None:
    """Synthesize and deploy everything, unless what is deployed comes from the same sources.

    ``others`` are choices of this deployment beside ``CHOICES``, as ``cdk -c`` takes them.

    Raises:
        LocalPlatformError: synthesis or deployment failed; the end of the log is in the message.
    """
    for stack in stacks.remove_unfinished(platform):
        progress.say(f"         removed stack {stack.name}, left in {stack.status}")
    bootstrap(platform, progress)
    _require_same_cache(platform)
    fingerprint, marker = sources_fingerprint(REPOSITORY, others), platform.root / "deployed"
    if marker.exists() and marker.read_text() == fingerprint and _all_stand(platform):
        progress.say("         stacks are up to date")
        return
    with progress.step("stacks synthesized and deployed") as step:
        arguments = [
            "deploy",
            f"{stacks.STAGE}/*",
            "--require-approval",
            "never",
            "--progress",
            "events",
        ]
        arguments += ["--app", f"{sys.executable} app.py", *_context(others)]
        arguments += ["--output", str(platform.root / "cdk.out"), "--concurrency", "4"]
        _cdk(platform, arguments, cwd=REPOSITORY, step=step, progress=progress)
    marker.write_text(fingerprint)


def make_default_bucket(platform: Platform) -> None:
    """Make the bucket ``sagemaker-REGION-ACCOUNT``, which an account has that used SageMaker.

    SageMaker's SDKs make it when they first need it; programs with boto3 alone expect it.
    """
    s3 = client(platform, "s3")
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=sagemaker_config.DEFAULT_BUCKET)


def _require_same_cache(platform: Platform) -> None:
    """On AWS a cache keeps its address for life, and functions are deployed with it."""
    known, wanted = stacks.outputs(platform).get("CachePort"), platform.ports["valkey"]
    if known not in (None, str(wanted)):
        raise LocalPlatformError(
            f"the deployed functions look for Valkey on port {known}, and it runs on {wanted}: set "
            f"{PORT_VARIABLES['valkey']}={known} after `make down`, or forget all by `make clean`"
        )


def _context(others: Choices) -> list[str]:
    chosen = {"stage": stacks.STAGE, "target": "local", **CHOICES, **others}
    return [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]


def sources_fingerprint(root: Path, others: Choices = NO_OTHERS) -> str:
    """A digest of all that decides what would be deployed, and of the interpreter."""
    digest = hashlib.sha256(f"{sys.version} {_context(others)}".encode())
    for path in _source_files(root):
        digest.update(f"{path.relative_to(root)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _source_files(root: Path) -> Iterator[Path]:
    for name in _SOURCES:
        source = root / name
        files = sorted(source.rglob("*")) if source.is_dir() else [source]
        yield from (p for p in files if p.is_file() and "__pycache__" not in p.parts)


def _all_stand(platform: Platform) -> bool:
    ours = [s for s in stacks.deployed(platform) if s.name.startswith(stacks.PREFIX)]
    return bool(ours) and all(stack.is_done for stack in ours)


def _cdk(
    platform: Platform,
    arguments: list[str],
    *,
    cwd: Path,
    step: Step,
    progress: Progress | None = None,
) -> None:
    log = platform.log(f"cdk-{arguments[0]}")
    log.parent.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [*tools.cdk(), *arguments, "--ci"],
        cwd=cwd,
        env=_cdk_environment(platform),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    with log.open("w", encoding="utf-8") as record, process:
        for line in process.stdout or ():
            record.write(line)
            if progress and (event := _EVENT.match(line)):
                progress.transient(f"         {' '.join(event.groups())}")
    if process.returncode:
        step.note = f"cdk {arguments[0]} failed"
        raise LocalPlatformError(f"cdk {arguments[0]} failed; the end of {log}:\n{tail(log, 40)}")


def _cdk_environment(platform: Platform) -> Mapping[str, str]:
    """The caller's environment, less its own AWS settings, aimed at the platform."""
    inherited = {name: v for name, v in os.environ.items() if not name.startswith("AWS_")}
    nowhere = str(platform.root / "home" / "none")
    return {
        **inherited,
        **platform.client_environment(),
        "AWS_CONFIG_FILE": nowhere,
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "JSII_NODE": str(tools.node()),
        # The CDK remembers which account a key belongs to; ours must not mix with others' keys.
        "CDK_HOME": str(platform.root / "cdk"),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "NO_COLOR": "1",
    }
