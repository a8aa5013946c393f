"""A record's features as SageMaker's JSON, straight from the packed bytes where that pays.

Packed values are JSON texts already. Where none of them is escaped, everything between the quotes
is value and everything else is the record's *form*: which features are there, and which are lists.
The answer of a form is made once by the plain way, with ``%b`` for every value, and filled for each
record by one formatting step: a third of the time.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from larder.records.codec import Value
from larder.records.read import Found

_LONGEST = 16_384
"""Bytes of packed values; a longer record is hardly of a form that comes again."""
_FORMS = 128


def features_json(found: Found) -> bytes:
    """The array of ``FeatureName`` and ``ValueAsString`` or ``ValueAsStringList``."""
    packed = found.packed
    if found.ordinals is not None or b"\\" in packed or len(packed) > _LONGEST:
        return plain_json(found.values)
    parts = packed.split(b'"')
    template = _templates.get(found, b'"%b"'.join(parts[::2]))
    return plain_json(found.values) if template is None else template % tuple(parts[1::2])


def plain_json(values: Sequence[tuple[str, Value]]) -> bytes:
    """The same from a record's values."""
    return orjson.dumps(
        [
            {"FeatureName": name, "ValueAsString": value}
            if isinstance(value, str)
            else {"FeatureName": name, "ValueAsStringList": value}
            for name, value in values
        ]
    )


class _Templates:
    """Answers of the forms seen lately; one is made when its form comes for the second time.

    Forms are kept by the identity of a group's names, which are held meanwhile: hashing hundreds
    of names would cost more than what is looked up.
    """

    def __init__(self) -> None:
        self._by_form: dict[tuple[int, bytes], tuple[Sequence[str], bytes | None]] = {}

    def get(self, found: Found, form: bytes) -> bytes | None:
        """The answer of a record's form: packed values with ``%b`` for each."""
        names = found.group.feature_names
        key = (id(names), form)
        kept = self._by_form.get(key)
        if kept is not None and kept[1] is not None and kept[0] is names:
            return kept[1]
        if kept is None or kept[0] is not names:
            if len(self._by_form) >= _FORMS:
                self._by_form.clear()
            self._by_form[key] = names, None
            return None
        # a feature's name has no percent sign
        template = plain_json(Found(found.group, None, form, None).values)
        self._by_form[key] = names, template
        return template


_templates = _Templates()
