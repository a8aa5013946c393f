"""Marks of erased identifiers."""

import pytest

from larder.cli.erase import lines
from larder.erasure.erase import Erasing, Trace
from larder.errors import ResourceNotFound, ValidationError
from larder.groups.feature_group import FeatureDefinition, FeatureGroupStatus, FeatureType
from larder.offline.erased_marks import KEEP_MICROS, Marks, identifier_text, mark_of
from larder.records.feature_values import canonical_identifier
from tests.support.groups import feature_group
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


class Lives:
    """A name that was deleted once, with another type of identifier."""

    def lives(self, name):
        if name == "customers":
            yield feature_group(uid="now")
            numbers = FeatureDefinition("customer_id", FeatureType.INTEGRAL)
            yield feature_group(
                uid="then",
                features=(numbers, *feature_group().features[1:]),
                status=FeatureGroupStatus.DELETING,
            )


class Place:
    def __init__(self, *traces):
        self.traces = traces
        self.seen = []

    def erase(self, subjects, *, dry_run):
        self.seen.append([(s.slot.uid, s.slot.identifier, s.time, s.alive) for s in subjects])
        return self.traces


def test_every_place_is_asked_about_every_life_and_what_stays_is_told():
    places = (
        Place(Trace("online store", "record", 1, "a tombstone")),
        Place(Trace("training set mine", "rows", 3, "its owner decides", stays=True)),
    )
    erasing = Erasing(Lives(), places, lambda: 5, ("backups",))
    done = erasing.erase("customers", "007", dry_run=True)
    both = [("now", "007", 5, True), ("then", "7", 5, False)]
    assert [place.seen for place in places] == [[both]] * 2
    assert (done.found, done.complete) == (1, True)
    assert lines(done)[2:] == [
        "online store: 1 record would be removed (a tombstone)",
        "training set mine: 3 rows found (its owner decides)",
        "never searched: backups",
        "a run without --dry-run removes this",
    ]
    done = erasing.erase("customers", "007")
    assert done.absent
    assert lines(done)[-1] == (
        "none of the places above holds the identifier but those that were only named"
    )


def test_a_dry_run_proves_nothing_while_old_versions_are_not_looked_into():
    for count, absent in ((0, True), (2, False)):
        place = Place(Trace("offline table t", "versions of removed files", count, maybe=True))
        done = Erasing(Lives(), (place,), lambda: 5).erase("customers", "7", dry_run=True)
        assert (done.found, done.absent) == (0, absent)
        assert Erasing(Lives(), (place,), lambda: 5).erase("customers", "7").absent
    assert "also removes the old versions of files" in lines(done)[-1]


def test_a_life_that_can_not_hold_the_identifier_is_named_and_skipped():
    place = Place(Trace("online store", "record", 0))
    done = Erasing(Lives(), (place,), lambda: 5).erase("customers", "c1")
    assert [[each[0] for each in seen] for seen in place.seen] == [["now"]]
    told = lines(done)
    assert "uid then, created 2023-11-14 22:13:20Z, Deleting: can't hold it: " in told[1]
    assert "not a whole number" in told[1]
    assert told[-1] == "none of the places above holds the identifier"


def test_absence_is_not_said_where_a_place_could_not_be_searched():
    place = Place(Trace("offline table t", "rows", 0, unsearched="it is gone"))
    done = Erasing(Lives(), (place,), lambda: 5).erase("customers", "c1")
    assert (done.found, done.complete, done.absent) == (0, False, False)
    assert lines(done)[-2:] == [
        "  NOT SEARCHED: it is gone",
        "not every place could be searched, so nothing can be said of the whole",
    ]


def test_what_can_not_be_erased_is_refused():
    place = Place()
    erasing = Erasing(Lives(), (place,), lambda: 5)
    with pytest.raises(ResourceNotFound, match="is or was named missing"):
        erasing.erase("missing", "c1")
    with pytest.raises(ValidationError, match="identifier"):
        erasing.erase("customers", "")
    assert place.seen == []
