"""The commands: bring the platform up, take it down, look at it, forget it."""

import shutil
from collections.abc import Iterator

from local import (
    deployment,
    environment,
    private,
    processes,
    services,
    stacks,
    tools,
    trust,
    whole_file,
)
from local.errors import LocalPlatformError
from local.layout import DIRECTORY, PORT_VARIABLES, TOOLS, Platform
from local.progress import Progress
from local.saved_state import LOST_SECONDS, saved_at

_STOP_SECONDS = 60.0


def up(
    platform: Platform, progress: Progress, others: deployment.Choices = deployment.NO_OTHERS
) -> dict[str, str]:
    """Install what is missing, start the services, deploy; returns the stacks' outputs.

    ``others`` are choices of the deployment, as ``cdk -c`` takes them.
    Running it again is quick: what runs goes on running, and unchanged sources are not deployed.

    Raises:
        LocalPlatformError: a step failed; its message has the way out.
    """
    private.close(DIRECTORY, trusted={TOOLS})
    with private.new_files():
        for name in list(tools.missing(platform.tools)):
            with progress.step(f"{name} tools installed"):
                tools.install(name, platform.tools)
        recover(platform, progress)
        start(platform, progress)
        deployment.deploy(platform, progress, others)
        deployment.make_default_bucket(platform)
        outputs = stacks.outputs(platform)
        values = environment.variables(platform, outputs)
        whole_file.replace(platform.environment_file, environment.exports(values))
    private.close(platform.root)  # the CDK copies files of the repository with their modes
    return outputs


def install_spark(platform: Platform, progress: Progress) -> None:
    """Install what Glue jobs run on, unless it is there; a running platform finds it.

    Raises:
        LocalPlatformError: Java is missing, or pip failed.
    """
    if shutil.which("java") is None:
        raise LocalPlatformError(
            "Spark needs Java 17 on the PATH; on Debian: apt-get install openjdk-17-jre-headless"
        )
    private.close(DIRECTORY, trusted={TOOLS})
    with private.new_files():
        if not tools.has_spark(platform.tools):
            with progress.step("Spark installed (700 MB from PyPI)"):
                tools.install(tools.SPARK, platform.tools)


def start(platform: Platform, progress: Progress) -> None:
    """Start the services that do not run; nothing is deployed.

    What they keep is readable by this user alone.
    """
    private.close(platform.root)
    with private.new_files():
        for directory in ("home", "tmp", "state", "s3"):
            (platform.root / directory).mkdir(exist_ok=True)
        if platform.strict:
            trust.ensure_certificate(platform)
        for service in services.all_services(platform):
            _start_one(platform, service, progress)


def _start_one(platform: Platform, service: processes.Service, progress: Progress) -> None:
    port = platform.ports[service.name]
    if processes.running_pid(platform, service.name) is not None:
        _require_same_port(platform, service.name)
        progress.say(f"         {service.name} runs already, port {port}")
        return
    with progress.step(f"{service.name} answers on port {port}"):
        processes.start(platform, service)


def down(platform: Platform, progress: Progress) -> None:
    """Stop the services; the emulator saves its state, so that the next ``up`` finds the data."""
    with private.new_files():
        for name in reversed(services.NAMES):
            _stop_one(platform, name, progress)
        _empty(platform, "tmp")


def _stop_one(platform: Platform, name: str, progress: Progress) -> None:
    if processes.running_pid(platform, name) is None:
        processes.forget(platform, name)
        return
    with progress.step(f"{name} stopped") as step:
        if not processes.stop(platform, name, seconds=_STOP_SECONDS):
            step.note = f"{name} did not end in {_STOP_SECONDS:.0f} s and was killed"
            if name == "emulator":
                step.note += f"; {_kept(platform)}"


def status(platform: Platform) -> Iterator[str]:
    """Lines that tell what runs and what is deployed."""
    for service in services.all_services(platform):
        pid = processes.running_pid(platform, service.name)
        state = "not running" if pid is None else f"pid {pid}, "
        if pid is not None:
            state += "answers" if service.healthy() else "does not answer"
        yield f"{service.name:10} port {platform.ports[service.name]:<6} {state}"
    if saved := saved_at(platform):
        yield (
            f"{'state':10} saved {saved:%Y-%m-%d %H:%M:%S} UTC, while the emulator runs after each "
            f"change: a kill loses about {LOST_SECONDS} s at most"
        )
    if processes.running_pid(platform, "emulator") is not None:
        for stack in stacks.deployed(platform):
            yield f"{stack.name:32} {stack.status}"


def clean(platform: Platform, progress: Progress) -> Iterator[str]:
    """Stop everything and remove all data; yields what was removed. Installed tools stay."""
    down(platform, progress)
    for path in (platform.root, platform.environment_file):
        if path.is_dir():
            shutil.rmtree(path)
        elif path.exists():
            path.unlink()
        else:
            continue
        yield str(path)


def recover(platform: Platform, progress: Progress) -> None:
    """Make sense of a run that ended without ``down``."""
    dead = [name for name in services.NAMES if processes.died(platform, name)]
    for name in dead:
        processes.forget(platform, name)
    if "emulator" not in dead:
        return
    # It may hold records that the emulator has lost; it is never the only copy of one.
    processes.stop(platform, "valkey", seconds=_STOP_SECONDS)
    saved, deployed = saved_at(platform), platform.root / "deployed"
    if saved is None:
        _forget_data(platform)
    elif deployed.exists() and deployed.stat().st_mtime >= saved.timestamp():
        deployed.unlink()  # the end of a deployment may be lost
    progress.say(f"         the emulator of an earlier run was killed: {_kept(platform)}")
    _empty(platform, "tmp")


def _kept(platform: Platform) -> str:
    """What is left of the data of an emulator that was killed."""
    saved = saved_at(platform)
    if saved is None:
        return "it had never saved its state, so this starts afresh"
    return f"it goes on from its state of {saved:%H:%M:%S} UTC"


def _require_same_port(platform: Platform, name: str) -> None:
    port = processes.recorded_port(platform, name)
    if port != platform.ports[name]:
        raise LocalPlatformError(
            f"the {name} runs on port {port}, not on {platform.ports[name]}: `make down` first, "
            f"or set {PORT_VARIABLES[name]}={port}"
        )


def _forget_data(platform: Platform) -> None:
    _empty(platform, "state")
    _empty(platform, "s3")
    (platform.root / "deployed").unlink(missing_ok=True)


def _empty(platform: Platform, directory: str) -> None:
    path = platform.root / directory
    if path.exists():
        shutil.rmtree(path)
        path.mkdir()
