"""Texts of numbers become the floats that Python reads, whatever way they are spelled."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.models.number_texts import floats
from larder.records.feature_values import _NUMBER

ODD = ["+1", ".5", "1.", "01", "-0", "-0.0", "0", "1e5", "1E-7", "-9223372036854775809", "1e-400"]


def bits(numbers):
    return [struct.pack("<d", each) for each in numbers]


numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**30), 10**30)
texts = (
    numbers.map(str) | st.from_regex(_NUMBER, fullmatch=True).filter(str.isascii)
) | st.sampled_from(ODD)


@given(st.lists(texts.filter(lambda text: math.isfinite(float(text)))))
def test_each_is_the_float_of_its_text_to_the_bit(spelled):
    assert bits(floats(spelled)) == bits(map(float, spelled))


@pytest.mark.parametrize("text", ODD)
def test_a_text_that_json_lacks_is_read_among_others(text):
    assert bits(floats(["1.5", text, "2"])) == bits([1.5, float(text), 2.0])


@pytest.mark.parametrize("absent", [None, ["1"]], ids=["none", "list"])
def test_what_is_no_text_is_refused(absent):
    with pytest.raises(TypeError):
        floats(["1", absent])
