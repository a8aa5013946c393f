"""The ``larder`` command. A command's module is imported when that command is chosen."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module

import larder
from larder.cli.pipes import until_unread
from larder.errors import ConfigurationError, LarderError
from larder.foreign_errors import in_larders_words

COMMANDS: Mapping[str, tuple[str, str]] = {
    "configure": ("configure", "point boto3 and the SageMaker SDK at Larder"),
    "ingest": ("ingest", "write the rows of files into a feature group"),
    "materialize": ("materialize", "put the newest records of the history into the online store"),
    "training-set": ("training_set", "make training sets: features as of each label's time"),
    "offline": ("offline", "show what the offline store holds, and until when it is complete"),
    "experiment": ("experiment", "compare the variants of an endpoint"),
    "monitor": ("monitor", "compare what an endpoint is asked with what its models learnt from"),
    "pipeline": ("pipeline", "compute a definition's features of a file of events, show its SQL"),
    "predict": ("predict", "score a feature group by a model, and publish the scores"),
    "train": ("train", "train a model, compare it with the champion, and approve it"),
    "consistency": ("consistency", "compare a pipeline's stores, its history and its source"),
    "reconcile": ("reconcile", "compare a group's online store with its history, and repair them"),
    "lineage": ("lineage", "show where a group's features come from, and what uses them"),
    "exposures": ("exposures", "list and write again what the exposure writer set aside"),
    "redrive": ("redrive", "write again what the offline writer could not"),
    "restore": ("restore", "make new tables of the online store as it was at an instant"),
    "redelete": ("redelete", "repeat deletions online after a restore"),
    "erase": ("erase", "remove one record identifier from every store, for good"),
    "model": ("model", "show a model, move an alias of its versions, and read their log"),
    "access": ("access", "print the IAM policy that fences one feature group"),
    "cost": ("cost", "a month's bill by endpoint and scale"),
}
"""By its name, a command's module in this package and its line in the help.

Each module has ``set_up(parser)``, which adds description and options and sets ``run``.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the process's exit status: 0 all done, 1 something was not, 2 bad usage,
    130 interrupted."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    with until_unread() as status:
        status.append(_run(given))
    return status[-1] if status else 0


def _run(given: Sequence[str]) -> int:
    try:
        options = parser_of(given).parse_args(given)
        with in_larders_words("it failed for a reason outside of Larder"):
            return int(options.run(options))
    except ConfigurationError as error:
        print(f"larder: {error}", file=sys.stderr)
        return 2
    except (LarderError, KeyboardInterrupt) as error:
        # what a command knows of how to go on, it has noted on the exception
        what = str(error) or "interrupted"
        told = "; ".join([what, *getattr(error, "__notes__", ())])
        print(f"larder {_chosen(given)}: {told}", file=sys.stderr)
        return 130 if isinstance(error, KeyboardInterrupt) else 1


def parser_of(given: Sequence[str]) -> argparse.ArgumentParser:
    """The parser, with the options of the command that the arguments choose."""
    parser = argparse.ArgumentParser(
        prog="larder", description="Larder's commands. `larder COMMAND --help` explains one."
    )
    version = f"larder {larder.__version__}"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(required=True, metavar="command", dest="command")
    chosen = _chosen(given)
    for name, (module, meaning) in COMMANDS.items():
        command = commands.add_parser(name, help=meaning)
        if name == chosen:
            import_module(f"larder.cli.{module}").set_up(command)
    return parser


def _chosen(given: Sequence[str]) -> str:
    return next((each for each in given if not each.startswith("-")), "")
