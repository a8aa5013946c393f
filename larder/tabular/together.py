"""The columns of several files as those of one source: by name, numbers of all widths as one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from larder.errors import ValidationError
from larder.tabular.columns import plain_type

Arrow = Any  # pyarrow is untyped


@dataclass(slots=True)
class Together:
    """Takes in one file's columns after the other.

    With ``widens`` a column has the narrowest type that holds the values of all files. Without it
    it is enough that the values are judged alike one by one: numbers, and texts of them.
    """

    widens: bool
    _columns: dict[str, Arrow] = field(default_factory=dict)
    _first: dict[str, str] = field(default_factory=dict)
    _whole: str = ""

    @property
    def schema(self) -> Arrow:
        """The columns so far."""
        return pa.schema(self._columns.items())

    def add(self, other: Arrow, address: str, *, gaps: bool) -> None:
        """Take in the columns of a file; ``gaps`` says that it only names those it has values for.

        Raises:
            ValidationError: a column is in some files alone, or its types do not go together.
        """
        if len(set(other.names)) < len(other.names):
            twice = next(name for name in other.names if other.names.count(name) > 1)
            raise ValidationError(f"{address} has several columns {twice!r}: rename them apart")
        for name in sorted(self._columns.keys() - set(other.names)) if not gaps else ():
            raise _lacks(address, name, self._first[name])
        for name in sorted(set(other.names) - self._columns.keys()) if self._whole else ():
            raise _lacks(self._whole, name, address)
        for each in other:
            self._first.setdefault(each.name, address)
            self._columns[each.name] = self._kind(each, address)
        if not gaps and not self._whole:
            self._whole = address

    def _kind(self, each: Arrow, address: str) -> Arrow:
        known = self._columns.get(each.name)
        if known is None or pa.types.is_null(known):
            return each.type
        if pa.types.is_null(each.type):
            return known
        one, two = plain_type(known), plain_type(each.type)
        found = widened(one, two) if self.widens else _alike(one, two)
        if found is None:
            raise ValidationError(
                f"column {each.name!r} holds {two} in {address} but {one} in "
                f"{self._first[each.name]}: write it with one type"
            )
        return found


def widened(one: Arrow, two: Arrow) -> Arrow | None:
    """The narrowest type that holds the values of both; ``None`` where there is no such type."""
    try:
        kinds = [pa.schema([("c", one)]), pa.schema([("c", two)])]
        return pa.unify_schemas(kinds, promote_options="permissive").field("c").type
    except pa.ArrowException:
        return None


def _alike(one: Arrow, two: Arrow) -> Arrow | None:
    return one if _family(one) == _family(two) else None


def _family(kind: Arrow) -> str:
    """Types whose values are checked alike, one by one: numbers, and texts of them."""
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_string)
    return "scalar" if any(is_kind(kind) for is_kind in tests) else str(kind)


def _lacks(address: str, name: str, has: str) -> ValidationError:
    return ValidationError(f"{address} has no column {name!r}, which {has} has: add it there")
