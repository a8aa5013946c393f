"""Binary values are the same bytes by either decoder."""

import importlib
import sys
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.aws.dynamodb import binary


@pytest.fixture(scope="module", params=["pybase64", "binascii"])
def decoded(request):
    """The decoder of a process that has pybase64, and of one that has not."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "binascii":
            patch.setitem(sys.modules, "pybase64", None)
        chosen = importlib.reload(binary).decoded
        assert ("b64decode" in chosen.__code__.co_names) is (request.param == "pybase64")
        yield chosen
    importlib.reload(binary)


@given(value=st.binary(max_size=200))
def test_what_was_encoded_is_decoded(decoded, value):
    text = binary.encoded(value)
    assert text == b64encode(value).decode()
    assert decoded(text) == value
