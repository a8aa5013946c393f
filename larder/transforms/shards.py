"""How a job is cut: objects into ranges of bytes, and ranges into tasks of about the same size.

A range ends where the next one begins; a line belongs to the range that has its first byte. So
nothing is read to cut an object, and a range's output is always the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from larder.formats import known_members
from larder.transforms.errors import BadInput
from larder.transforms.work import MEGABYTE, Work

SHARD_BYTES: Final = 16 * MEGABYTE
MOST_TASKS: Final = 10_000
MOST_OBJECTS: Final = 100_000
_TOGETHER: Final = 50
"""Objects of one task at most."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object to read: its address, its bytes, and the tag by which a change of it shows."""

    address: str
    size: int
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A range of an object: bytes from ``start`` to before ``end``, of ``count`` ranges.

    ``place`` is the object's in the plan; ``output`` is the address of the object's results.
    """

    place: int
    number: int
    count: int
    address: str
    etag: str
    start: int
    end: int
    output: str

    @property
    def piece(self) -> str:
        """By what notes know it; pieces sort as their objects do."""
        return f"{self.place:06}-{self.number:05}"

    @property
    def whole(self) -> str:
        """By what notes know its object."""
        return f"{self.place:06}"


def shard_of(document: Mapping[str, Any]) -> Shard:
    """The shard of a document that has its fields, and may have those of a newer release."""
    return Shard(**known_members(Shard, document))


@dataclass(frozen=True, slots=True)
class Plan:
    """The tasks of a job, each of some shards; ``joined`` are those objects with several."""

    tasks: Sequence[Sequence[Shard]]

    @property
    def shards(self) -> Iterator[Shard]:
        """All shards."""
        return (each for task in self.tasks for each in task)

    @property
    def joined(self) -> list[Shard]:
        """The first shard of each object that has several."""
        return [each for each in self.shards if each.count > 1 and each.number == 0]


def planned(work: Work, found: Sequence[Found], names: Sequence[str]) -> Plan:
    """The plan of objects, whose outputs have these names.

    Raises:
        BadInput: there are no objects, too many, or two of one name.
    """
    if not found:
        raise BadInput(
            f"No S3 objects found under the S3 prefix {work.source!r} given in the input data "
            "source: upload some, or name another prefix."
        )
    if len(found) > MOST_OBJECTS:
        raise BadInput(f"There are {len(found)} objects; at most {MOST_OBJECTS} are one job's.")
    if len(set(names)) < len(names):
        twice = next(each for each in names if names.count(each) > 1)
        raise BadInput(f"Two objects would have the output {twice}.out: name each object once.")
    total = sum(each.size for each in found)
    size = max(SHARD_BYTES, ceil(total / MOST_TASKS))
    return Plan(list(_tasks(_shards(work, found, names, size), size)))


def output_names(source: str, addresses: Sequence[str]) -> list[str]:
    """The names of the outputs of the objects below a prefix: their paths relative to it.

    A prefix that ends inside of a name counts as its folder does.
    """
    folder = source if source.endswith("/") else f"{source}/"
    if not all(each.startswith(folder) for each in addresses):
        folder = source[: source.rindex("/") + 1]
    return [each.removeprefix(folder) for each in addresses]


def _shards(work: Work, found: Sequence[Found], names: Sequence[str], size: int) -> Iterator[Shard]:
    cuts = work.lines and not work.gzip
    for place, (each, name) in enumerate(zip(found, names, strict=True)):
        count = max(1, ceil(each.size / size)) if cuts else 1
        for number in range(count):
            yield Shard(
                place=place,
                number=number,
                count=count,
                address=each.address,
                etag=each.etag,
                start=each.size * number // count,
                end=each.size * (number + 1) // count,
                output=f"{work.output.rstrip('/')}/{name}.out",
            )


def _tasks(shards: Iterable[Shard], size: int) -> Iterator[list[Shard]]:
    task: list[Shard] = []
    taken = 0
    for each in shards:
        bytes_ = each.end - each.start
        if task and (taken + bytes_ > size or len(task) == _TOGETHER):
            yield task
            task, taken = [], 0
        task.append(each)
        taken += bytes_
    if task:
        yield task
