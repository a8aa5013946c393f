"""A record's features as SageMaker's JSON, straight from the packed bytes where that pays.

Packed values are JSON texts already. Where none of them is escaped, everything between the quotes
is value and everything else is the record's *form*: which features are there, and which are lists.
The answer of a form is made once by the plain way and cut at its values. Each record's values are
then put between the cuts: half the time. The commonest form, all features there and none a list,
is seen without looking for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import orjson

from larder.groups.feature_group import FeatureGroup
from larder.records.codec import Value
from larder.records.read import Found

K = TypeVar("K")
V = TypeVar("V")
_LONGEST = 16_384
"""Bytes of packed values; a longer record is hardly of a form that comes again."""
_FORMS = 128
_MARK = b"%"
"""In no feature's name."""
_VALUE = b'"%b"' % _MARK


def features_json(found: Found) -> bytes:
    """The array of ``FeatureName`` and ``ValueAsString`` or ``ValueAsStringList``."""
    packed = found.packed
    if found.ordinals is not None or b"\\" in packed or len(packed) > _LONGEST:
        return plain_json(found.values)
    names, pieces = _answers.last
    if names is not found.group.feature_names:
        pieces = _answers.of_all_features(found.group)
    if pieces and packed.startswith(b'["') and packed.endswith(b'"]'):
        values = packed[2:-2].split(b'","')
        # as many texts side by side as there are features: neither a gap nor a list is among them
        if 2 * len(values) + 1 == len(pieces):
            whole = pieces.copy()
            whole[1::2] = values
            return b"".join(whole)
    parts = packed.split(b'"')
    pieces = _answers.of_form(found.group, _VALUE.join(parts[::2]))
    return _filled(pieces, parts[1::2]) if pieces else plain_json(found.values)


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


class _Answers:
    """Answers in pieces, for the forms seen lately: what goes around the values.

    They are kept by the identity of a group's names, which are held meanwhile: hashing hundreds of
    names would cost more than what is looked up.
    """

    def __init__(self) -> None:
        self._complete: dict[int, tuple[Sequence[str], list[bytes]]] = {}
        self.last: tuple[Sequence[str], list[bytes]] = ((), [])
        self._by_form: dict[tuple[int, bytes], tuple[Sequence[str], list[bytes]]] = {}

    def of_all_features(self, group: FeatureGroup) -> list[bytes]:
        """Those of a record that has all features; none where one of them is a collection."""
        names = group.feature_names
        kept = self._complete.get(id(names))
        if kept is None or kept[0] is not names:
            has_lists = any(feature.collection is not None for feature in group.features)
            form = b"[%b]" % b",".join([_VALUE] * len(names))
            kept = names, [] if has_lists else _pieces(group, form)
            _keep(self._complete, id(names), kept)
        self.last = kept
        return kept[1]

    def of_form(self, group: FeatureGroup, form: bytes) -> list[bytes]:
        """Those of a form that comes again; none the first time.

        ``form`` is the packed values with ``_VALUE`` in the place of each.
        """
        names = group.feature_names
        key = (id(names), form)
        kept = self._by_form.get(key)
        if kept is None or kept[0] is not names:
            _keep(self._by_form, key, (names, []))
            return []
        if not kept[1]:
            kept = names, _pieces(group, form)
            _keep(self._by_form, key, kept)
        return kept[1]


def _keep(forms: dict[K, V], key: K, value: V) -> None:
    if len(forms) >= _FORMS and key not in forms:
        forms.clear()
    forms[key] = value


def _pieces(group: FeatureGroup, form: bytes) -> list[bytes]:
    """The answer of a form, cut at its values; every second piece is room for one."""
    around = plain_json(Found(group, None, form, None).values).split(_MARK)
    pieces = [b""] * (2 * len(around) - 1)
    pieces[::2] = around
    return pieces


def _filled(pieces: list[bytes], values: list[bytes]) -> bytes:
    whole = pieces.copy()
    whole[1::2] = values
    return b"".join(whole)


_answers = _Answers()
