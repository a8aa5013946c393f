"""Whether a value that was found somewhere is the identifier to erase."""

from __future__ import annotations

from larder.erasure.erase import Subject
from larder.errors import ValidationError
from larder.offline.erased_marks import identifier_text
from larder.records.feature_values import Scalar, canonical_identifier


def is_identifier(value: Scalar, subject: Subject) -> bool:
    """Whether a value is the subject's identifier, in the type of the group's feature."""
    group = subject.group
    feature = group.features[group.ordinals[group.record_identifier_name]]
    try:
        return canonical_identifier(feature, identifier_text(value)) == subject.slot.identifier
    except ValidationError:  # no identifier of the group, and so not this one
        return False
