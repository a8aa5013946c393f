"""A read of the emulator is made again where a write comes between, and only then."""

import pytest

from local.emulator.undisturbed import undisturbed


def test_a_read_that_a_write_disturbs_is_made_again():
    written, disturbances = {"a": 1}, ["b", "c"]

    def read(request):
        found = []
        for name in written:
            if disturbances:
                written[disturbances.pop()] = 1
            found.append(name)
        return request, sorted(found)

    assert undisturbed(read)("request") == ("request", ["a", "b", "c"])


def test_another_error_is_the_callers():
    def read(_request):
        raise RuntimeError("no such thing")

    with pytest.raises(RuntimeError, match="no such thing"):
        undisturbed(read)({})
