"""Pipelines as JSON, as a deployment hands them to its functions.

A deployment writes them and its own functions read them, so the form has no number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydantic import TypeAdapter

from larder.pipelines.definition import Pipeline

_PIPELINES = TypeAdapter(tuple[Pipeline, ...])


def to_json(pipelines: Sequence[Pipeline]) -> bytes:
    """The pipelines, always in the same bytes; known columns are of use to checks alone."""
    plain = (replace(each, source=replace(each.source, columns=None)) for each in pipelines)
    return _PIPELINES.dump_json(tuple(plain), indent=1)


def from_json(body: bytes) -> dict[str, Pipeline]:
    """The pipelines by name."""
    return {each.group: each for each in _PIPELINES.validate_json(body)}
