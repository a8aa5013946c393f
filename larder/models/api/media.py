"""Content-Type and Accept of a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

CSV = "text/csv"
JSON = "application/json"
JSON_LINES = "application/jsonlines"
ANY = "*/*"


@dataclass(frozen=True, slots=True)
class Media:
    """A media type with its parameters, all in lower case; ``name`` is empty where it is absent."""

    name: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, header: str) -> Media:
        """The media type of a header's value."""
        name, *rest = header.lower().split(";")
        pairs = (each.partition("=") for each in rest)
        return cls(name.strip(), {key.strip(): value.strip(' "') for key, _, value in pairs})


def accepted(header: str, served: Sequence[str], default: str) -> str | None:
    """The first of an Accept header's types that is served, ``default`` where any will do.

    Weights (``;q=``) are ignored. ``None`` where no type of the header is served.
    """
    names = [Media.parse(each).name for each in header.split(",")]
    for name in names:
        if name in {"", ANY}:
            return default
        if name in served:
            return name
    return None
