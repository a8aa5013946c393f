"""What a model file is, told by its content."""

import gzip
import pickle
import zlib

import pytest

from larder.errors import ValidationError
from larder.models.formats import Format, format_of
from tests.support import boosters
from tests.support.model_files import as_json, old_binary


class Canary:
    """Its unpickling would be seen."""

    def __reduce__(self):
        return (Canary.sing, ())

    @staticmethod
    def sing():
        raise AssertionError("it was unpickled")


PICKLES = {
    f"protocol {protocol} of {type(value).__name__}": pickle.dumps(value, protocol)
    for protocol in range(6)
    for value in (Canary(), {"model": 1}, [1, 2])
}


@pytest.mark.parametrize("data", PICKLES.values(), ids=PICKLES)
@pytest.mark.parametrize("wrap", [bytes, gzip.compress, zlib.compress])
def test_a_pickle_is_refused_with_the_line_that_saves_it_right(data, wrap):
    with pytest.raises(ValidationError) as raised:
        format_of("xgboost-model", wrap(data))

    assert "is a pickle" in str(raised.value)
    assert "booster.save_model('model.ubj')" in str(raised.value)


@pytest.mark.parametrize(
    ("head", "form"),
    [
        (boosters.ubj()[:4096], Format.XGBOOST_UBJ),
        (as_json()[:4096], Format.XGBOOST_JSON),
        (b'{\n  "learner"', Format.XGBOOST_JSON),
        (old_binary()[:4096], Format.XGBOOST_BINARY),
        (b"tree\nversion=v4\nnum_class=1\n", Format.LIGHTGBM),
        (b"tree\r\nversion=v4\r\n", Format.LIGHTGBM),
        (b"\x08\x08\x12\x07skl2onnx", Format.ONNX),
        (b"\x08\x0a:\x80\x01", Format.ONNX),
        (b"a tree\n", Format.XGBOOST_BINARY),
        (b"\x00" * 64, Format.XGBOOST_BINARY),
    ],
)
def test_a_form_is_known_by_its_beginning(head, form):
    assert format_of("any.name", head) is form


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"", "is empty"),
        (gzip.compress(b"tree\n", mtime=0), "compressed in itself"),
        (zlib.compress(b"\x00" * 99), "compressed in itself"),
        (b"PK\x03\x04xx", "zip file"),
    ],
)
def test_what_no_library_reads_is_refused_with_its_name(head, words):
    with pytest.raises(ValidationError, match=words) as raised:
        format_of("some-model", head)

    assert "'some-model'" in str(raised.value)
