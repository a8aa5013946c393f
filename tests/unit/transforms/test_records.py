"""Records of an object: whatever the ranges and the pieces, each line is read once."""

import gzip
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.transforms.errors import BadInput
from larder.transforms.records import batches, gunzipped, lines, whole

MOST = 1_000
TEXTS = st.lists(st.sampled_from([b"", b"a", b"1,2,3", b"x" * 40, b"  ", b"e\r"]), max_size=20)


def pieces(body, size):
    return (body[at : at + size] for at in range(0, len(body), size))


def read(body, start, end, size):
    return list(lines(pieces(body[max(0, start - 1) :], size), start, end, MOST))


@given(
    TEXTS,
    st.booleans(),
    st.integers(1, 50),
    st.lists(st.integers(0, 300), max_size=5),
)
def test_ranges_side_by_side_have_each_line_once_and_in_order(texts, ends, size, cuts):
    body = b"\n".join(texts) + (b"\n" if ends else b"")
    places = [0, *sorted(min(each, len(body)) for each in cuts), len(body)]

    found = [
        line
        for start, end in itertools.pairwise(places)
        if start < end
        for line in read(body, start, end, size)
    ]

    expected = [each.removesuffix(b"\r") for each in texts]
    assert found == [each for each in expected if each.strip()]


def test_a_line_longer_than_a_request_is_refused_before_it_is_read_whole():
    endless = (b"x" * 100 for _ in iter(int, 1))
    with pytest.raises(BadInput, match="more than 1000 bytes"):
        list(lines(endless, 0, 1 << 40, MOST))


def test_a_range_inside_of_a_long_line_keeps_nothing_of_it():
    body = b"y" * 10_000 + b"\nlast"
    assert read(body, 5_000, 9_000, 100) == []
    assert read(body, 9_000, len(body), 100) == [b"last"]


@given(TEXTS, st.integers(1, 20))
def test_compressed_bytes_are_read_member_after_member(texts, size):
    body = b"".join(gzip.compress(each) for each in texts)
    assert b"".join(gunzipped(pieces(body, size))) == b"".join(texts)


NO_GZIP = {
    "text": b"1,2,3\n",
    "cut": gzip.compress(b"1,2,3\n" * 100)[:-9],
    "two bytes": b"\x1f\x8b",
}


@pytest.mark.parametrize("body", NO_GZIP.values(), ids=NO_GZIP)
def test_what_is_no_gzip_file_is_refused(body):
    with pytest.raises(BadInput, match="Gzip"):
        list(gunzipped([body]))


def test_a_whole_object_has_as_many_bytes_as_a_request():
    assert whole([b"ab", b"cd"], 4) == b"abcd"
    with pytest.raises(BadInput, match="MaxPayloadInMB"):
        whole([b"ab", b"cde"], 4)


@given(TEXTS, st.integers(40, 200))
def test_requests_are_filled_in_order_and_none_is_too_large(records, most):
    found = list(batches(records, most, several=True))

    assert [each for batch in found for each in batch] == records
    assert all(sum(map(len, batch)) + len(batch) - 1 <= most for batch in found)
    assert all(
        sum(map(len, first)) + len(first) + len(second[0]) + 1 > most
        for first, second in itertools.pairwise(found)
    )


def test_single_records_have_requests_of_their_own():
    assert list(batches([b"a", b"b"], 100, several=False)) == [[b"a"], [b"b"]]
