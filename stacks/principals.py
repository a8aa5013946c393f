"""Principals as a stage names them: ARN patterns, or names of the stage's own account."""

import re
from collections.abc import Iterable
from typing import Final

from aws_cdk import Stack

from larder.access.grants import pattern_problem

_OWN: Final = re.compile(r"(role|user)/.+", re.DOTALL)
_ANY_ACCOUNT: Final = "123456789012"  # to check a name by the rules of a pattern


def principal_problem(text: str) -> str | None:
    """Why a text names no principals; ``None`` if it does.

    It is a pattern of ``larder.access.grants``, or ``role/…`` or ``user/…`` of the account that the
    stage is deployed to. That account need not be known at synth.
    """
    own = _OWN.fullmatch(text)
    return pattern_problem(f"arn:aws:iam::{_ANY_ACCOUNT}:{text}" if own else text)


def patterns_of(stack: Stack, principals: Iterable[str]) -> tuple[str, ...]:
    """The patterns that functions of ``stack`` compare callers with."""
    home = f"arn:{stack.partition}:iam::{stack.account}"
    return tuple(f"{home}:{text}" if _OWN.fullmatch(text) else text for text in principals)
