"""``python -m local up|down|status|logs|env|clean``: the one-machine platform's commands."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence

from local import commands, environment, logs, private, processes, stacks
from local.errors import LocalPlatformError
from local.layout import Platform
from local.progress import Progress


def main(arguments: Sequence[str] | None = None, variables: Mapping[str, str] = os.environ) -> int:
    """Run one command; returns the exit status."""
    try:
        try:
            return _run(arguments, variables)
        finally:  # argparse leaves by SystemExit when it has printed its help
            sys.stdout.flush()
    except BrokenPipeError:  # the reader of the lines has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(arguments: Sequence[str] | None, variables: Mapping[str, str]) -> int:
    options = _parser().parse_args(arguments)
    strict = options.strict or variables.get("LARDER_STRICT", "0") not in ("", "0")
    try:
        platform = Platform.from_environment(strict=strict, environment=variables)
        with private.new_files():
            _COMMANDS[options.command](platform, options)
    except LocalPlatformError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; the same command goes on from here", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument(
        "--strict",
        action="store_true",
        help="the platform with TLS, verified signatures and evaluated IAM (or LARDER_STRICT=1)",
    )
    commands_ = parser.add_subparsers(dest="command", required=True)
    commands_.add_parser("up", help="install, start and deploy")
    commands_.add_parser("spark-tools", help="install what Glue jobs of Spark run on")
    commands_.add_parser("down", help="stop; data stay")
    commands_.add_parser("status", help="what runs and what is deployed")
    commands_.add_parser("env", help="print the environment for a shell to eval")
    commands_.add_parser("clean", help="stop and forget all data")
    read = commands_.add_parser("logs", help="the end of a service's or function's log")
    read.add_argument("name", nargs="?", help="a service, glue-RUN, or a function")
    read.add_argument("--lines", type=int, default=40)
    for command in commands_.choices.values():
        # After the command too; SUPPRESS keeps a flag given before it.
        command.add_argument("--strict", action="store_true", default=argparse.SUPPRESS)
    return parser


def _up(platform: Platform, _options: argparse.Namespace) -> None:
    outputs = commands.up(platform, Progress())
    print(_welcome(platform, outputs))


def _spark_tools(platform: Platform, _options: argparse.Namespace) -> None:
    commands.install_spark(platform, Progress())


def _down(platform: Platform, _options: argparse.Namespace) -> None:
    commands.down(platform, Progress())


def _status(platform: Platform, _options: argparse.Namespace) -> None:
    for line in commands.status(platform):
        print(line)


def _env(platform: Platform, _options: argparse.Namespace) -> None:
    if processes.running_pid(platform, "emulator") is None:
        raise LocalPlatformError("the platform does not run: `make up` starts it")
    values = environment.variables(platform, stacks.outputs(platform))
    print(environment.exports(values), end="")


def _logs(platform: Platform, options: argparse.Namespace) -> None:
    for line in logs.read(platform, options.name, options.lines):
        print(line)


def _clean(platform: Platform, _options: argparse.Namespace) -> None:
    removed = list(commands.clean(platform, Progress()))
    print("\n".join(f"removed {path}" for path in removed) or "there was nothing to remove")


def _welcome(platform: Platform, outputs: dict[str, str]) -> str:
    endpoint = environment.api_endpoint(platform, outputs)
    strict = " --strict" if platform.strict else ""
    return f"""
Larder is up{" (strict)" if platform.strict else ""}.
  SageMaker API   {endpoint}
  other AWS APIs  {platform.endpoint}    Athena  {platform.athena_endpoint}
  database        {outputs.get("DatabaseName")}    workgroup  {outputs.get("WorkGroupName")}

In a shell:       source {os.path.relpath(platform.environment_file)}
Then try:         python examples/quickstart.py
                  curl -i '{endpoint}/FeatureGroup/none/Record'    (unsigned: refused)
Look around:      python -m local{strict} status | logs [NAME]
Stop, keep data:  python -m local{strict} down
"""


_COMMANDS: dict[str, Callable[[Platform, argparse.Namespace], None]] = {
    "up": _up,
    "spark-tools": _spark_tools,
    "down": _down,
    "status": _status,
    "env": _env,
    "logs": _logs,
    "clean": _clean,
}

if __name__ == "__main__":
    sys.exit(main())
