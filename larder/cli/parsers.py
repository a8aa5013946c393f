"""What the parsers of all commands share."""

from __future__ import annotations

import argparse
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""The commands of a parser, to which a module adds its own."""


def add_stage(parser: argparse.ArgumentParser) -> None:
    """Add the option that says which platform is meant."""
    parser.add_argument(
        "--stage",
        metavar="NAME",
        help="the deployed stage, such as dev; by default the environment names the platform "
        "(make env)",
    )
