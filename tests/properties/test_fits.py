"""A quick yes about a request means that the slow search finds no problem, and the other way."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from larder.records.api.shapes import REQUESTS
from larder.wire.fits import fits
from larder.wire.shapes import (
    Flag,
    Many,
    Map,
    Moment,
    Number,
    Refused,
    Struct,
    Text,
    Whole,
    problems,
)

NAMES = st.sampled_from(["a", "b", "c"])
TEXTS = st.text(alphabet="ab-é\n\0", max_size=5)
BOUNDS = st.tuples(st.integers(0, 3), st.none() | st.integers(0, 4))


@st.composite
def texts(draw):
    least, most = draw(BOUNDS)
    pattern = draw(st.sampled_from([None, "a+", "[ab]*", r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*"]))
    return Text(least, most, pattern, tuple(draw(st.lists(TEXTS, max_size=2))))


WHOLES = st.builds(Whole, st.integers(-3, 1), st.integers(0, 3))
SHAPES = st.recursive(
    texts()
    | WHOLES
    | st.builds(Number, st.floats(-1, 1))
    | st.sampled_from([Flag(), Moment(), Refused("leave it out")]),
    lambda inner: st.one_of(
        st.builds(lambda item, bounds: Many(item, *bounds), inner, BOUNDS),
        st.builds(Map, texts(), texts(), st.none() | st.integers(0, 2)),
        st.builds(
            lambda members, required, union: Struct(members, tuple(required), union),
            st.dictionaries(NAMES, inner, max_size=3),
            st.lists(NAMES, unique=True, max_size=2),
            st.booleans(),
        ),
    ),
    max_leaves=6,
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(NAMES | TEXTS, inner, max_size=3),
    max_leaves=8,
)


def near(shape):
    """Values that a shape may well take: most of what is random fails at its type."""
    match shape:
        case Text():
            return TEXTS | st.sampled_from([*shape.enum, "", "a", "aaaa"])
        case Whole():
            return st.integers(shape.min - 1, shape.max + 1)
        case Flag():
            return st.booleans()
        case Refused():
            return st.booleans()
        case Number():
            return st.floats() | st.integers(-2, 2)
        case Moment():
            return st.floats(0, 2) | st.integers(0, 2)
        case Many():
            return st.lists(st.none() | near(shape.item), max_size=5)
        case Map():
            return st.dictionaries(near(shape.key), near(shape.value), max_size=3)
        case Struct():
            known = {name: st.none() | near(each) for name, each in shape.members.items()}
            return st.fixed_dictionaries({}, optional={**known, "other": st.none() | TEXTS})


@given(data=st.data(), shape=SHAPES)
def test_a_value_fits_where_no_problem_is_found(data, shape):
    value = data.draw(near(shape) | ANYTHING.filter(lambda value: value is not None))
    for _ in range(2):  # the second time its names are known
        assert fits(shape)(value) is (not list(problems(shape, value)))


def requests(shape):
    """Values near a request of the model, whose texts are those that its patterns take."""
    match shape:
        case Text(enum=enum) if enum:
            return st.sampled_from([*enum, "Other"])
        case Text():
            return st.sampled_from(["group-1", "f", "1.5", "", "-", "a" * 65, "é", "\ud800"])
        case Whole():
            return st.sampled_from([0, 1, 100, 101, True, "1"])
        case Flag():
            return st.sampled_from([True, False, 0])
        case Many():
            return st.lists(requests(shape.item), max_size=3) | st.just([None])
        case Struct():
            members = {name: requests(each) for name, each in shape.members.items()}
            required = {name: members[name] for name in shape.required}
            optional = {
                name: st.none() | each for name, each in members.items() if name not in required
            }
            return st.fixed_dictionaries(required, optional={**optional, "Else": st.just(1)})


@pytest.mark.parametrize("operation", REQUESTS)
@given(data=st.data())
def test_a_request_fits_where_no_problem_is_found(operation, data):
    shape = REQUESTS[operation]
    value = data.draw(requests(shape))
    assert fits(shape)(value) is (not list(problems(shape, value)))


@example(shape=Many(Text()), value=[None])
@example(shape=Struct({"a": Text()}), value={"a": None, "b": None})
@example(shape=Whole(), value=True)
@given(shape=SHAPES, value=ANYTHING.filter(lambda value: value is not None))
def test_anything_at_all_fits_where_no_problem_is_found(shape, value):
    assert fits(shape)(value) is (not list(problems(shape, value)))
