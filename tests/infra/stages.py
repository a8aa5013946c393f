"""Stages that choose otherwise than those of the repository."""

from dataclasses import replace

from stacks.config import STAGES


def stage_with(name, **parts):
    """The stage of that name with fields of its parts replaced: ``access={"administrators": …}``."""
    config = STAGES[name]
    changed = {part: replace(getattr(config, part), **fields) for part, fields in parts.items()}
    return replace(config, **changed)
