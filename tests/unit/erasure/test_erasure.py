"""Marks of erased identifiers."""

from dataclasses import replace

import pytest

from larder.cli.erase import lines
from larder.erasure.erase import Erased, Erasing, Trace
from larder.errors import ResourceNotFound, ValidationError
from larder.groups.feature_group import FeatureDefinition, FeatureType, TableFormat
from larder.offline.erased_marks import KEEP_MICROS, Marks, identifier_text, mark_of
from larder.records.feature_values import canonical_identifier
from tests.support.groups import OFFLINE, feature_group
from tests.support.offline import WRITTEN, row


def test_rows_accepted_by_the_time_of_erasure_are_refused_and_later_ones_are_not():
    marks = Marks().adding(mark_of("u", "c1"), WRITTEN)
    assert marks.refuse("u", row("c1", write_time=WRITTEN))
    assert not marks.refuse("u", row("c1", write_time=WRITTEN + 1))
    assert not marks.refuse("u", row("c2", write_time=WRITTEN))
    assert not marks.refuse("another", row("c1", write_time=WRITTEN))


def test_a_second_erasure_never_takes_back_the_first():
    marks = Marks().adding("a", WRITTEN).adding("b", WRITTEN).adding("a", WRITTEN - 9)
    assert marks.times == {"a": WRITTEN, "b": WRITTEN}
    assert Marks.parse(str(marks)) == marks
    assert Marks.parse(None) == Marks()


def test_marks_end_when_nothing_can_come_back():
    assert Marks().adding("a", WRITTEN).adding("b", WRITTEN + KEEP_MICROS).times.keys() == {"b"}


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (FeatureType.STRING, "007", "007"),
        (FeatureType.INTEGRAL, "007", 7),
        (FeatureType.FRACTIONAL, "-0.0", -0.0),
        (FeatureType.FRACTIONAL, "1e3", 1000.0),
    ],
)
def test_typed_identifiers_have_the_text_by_which_records_are_told_apart(kind, text, value):
    assert identifier_text(value) == canonical_identifier(FeatureDefinition("id", kind), text)


class Registry:
    def get(self, name):
        glue = replace(OFFLINE, table_format=TableFormat.GLUE)
        groups = {"customers": feature_group(), "hive": feature_group("hive", offline=glue)}
        return groups.get(name)


class Place:
    def __init__(self, *traces):
        self.traces = traces
        self.seen = []

    def erase(self, subject, *, dry_run):
        self.seen.append((subject.slot.identifier, subject.time, dry_run))
        return self.traces


def test_every_place_is_asked_and_what_stays_is_told():
    places = (
        Place(Trace("online store", "record", 1, "a tombstone")),
        Place(Trace("training set mine", "rows", 3, "its owner decides", stays=True)),
    )
    done = Erasing(Registry(), places, lambda: 5).erase("customers", "c1", dry_run=True)
    assert [place.seen for place in places] == [[("c1", 5, True)]] * 2
    assert done.found == 1
    assert lines(done) == [
        "online store: 1 record would be removed (a tombstone)",
        "training set mine: 3 rows found (its owner decides)",
    ]
    assert lines(Erased("customers", False, ()))[-1] == "there is nothing to remove"


def test_what_can_not_be_erased_is_refused():
    place = Place()
    erasing = Erasing(Registry(), (place,), lambda: 5)
    with pytest.raises(ResourceNotFound, match="nobody"):
        erasing.erase("nobody", "c1")
    with pytest.raises(ValidationError, match="identifier"):
        erasing.erase("customers", "")
    with pytest.raises(ValidationError, match="format Glue"):
        erasing.erase("hive", "c1")
    assert place.seen == []
