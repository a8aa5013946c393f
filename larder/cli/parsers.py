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


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how files of text are read."""
    parser.add_argument(
        "--delimiter",
        metavar="CHARACTER",
        help="between the cells of a text file, such as ';' or tab (default: the comma, semicolon, "
        "tab or pipe that its header has most of)",
    )
    parser.add_argument(
        "--encoding",
        metavar="NAME",
        help="of a text file, such as latin-1 (default: UTF-8, or what a byte order mark says)",
    )
