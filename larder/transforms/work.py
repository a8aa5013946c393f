"""What a transform job does, in the core's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from larder.transforms.json_path import JsonPath

MEGABYTE: Final = 2**20
MOST_PAYLOAD: Final = 100
"""MB of one request at most, and of all requests at a time."""
DEFAULT_PAYLOAD: Final = 6


class Family(StrEnum):
    """Formats whose records filters and joins can work on."""

    CSV = "csv"
    JSON = "json"
    JSON_LINES = "jsonlines"


@dataclass(frozen=True, slots=True, kw_only=True)
class Processing:
    """What is made of a record before and after the model has seen it.

    ``given`` is the format of the input, ``made`` that of the model's results.
    """

    given: Family
    made: Family
    before: JsonPath | None = None
    after: JsonPath | None = None
    joins: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a job reads, how it asks the model, and what it writes.

    ``source`` and ``output`` are ``s3://`` addresses; ``listed`` says that the source is a manifest
    of objects. ``lines`` says that each line is a record, and not the whole object; ``several``
    that a request has several of them. ``payload`` is the bytes of one request at most.
    ``assembles`` puts a line's end after each result. ``concurrency`` is 0 where none is asked for.
    """

    source: str
    output: str
    listed: bool = False
    content_type: str = ""
    accept: str = ""
    gzip: bool = False
    lines: bool = False
    several: bool = True
    payload: int = DEFAULT_PAYLOAD * MEGABYTE
    assembles: bool = False
    concurrency: int = 0
    instances: int = 1
    retries: int = 3
    seconds: int = 600
    environment: Mapping[str, str] = field(default_factory=dict)
    processing: Processing | None = None
