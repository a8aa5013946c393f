"""InvokeEndpoint's members say what botocore's own model says."""

import pytest

from larder.models.api.runtime_shapes import ASCII, HEADERS, INVOKE_ENDPOINT, MAX_BODY, PRINTABLE
from larder.wire.shapes import compiled
from tests.support.service_models import of_model, of_ours, service_model

SPELLED = {r"\p{ASCII}*": ASCII, r"\A\S[\p{Print}]*\z": PRINTABLE}
"""Patterns of the model that Python has no form for, and ours."""


def members():
    return service_model("sagemaker-runtime").operation_model("InvokeEndpoint").input_shape.members


def test_every_member_is_there():
    assert set(members()) - {"Body"} == set(INVOKE_ENDPOINT.members)
    assert members()["Body"].metadata["max"] == MAX_BODY


@pytest.mark.parametrize("name", sorted(INVOKE_ENDPOINT.members))
def test_every_constraint_and_header_is_the_models(name):
    theirs = members()[name]
    kind, low, high, pattern, enum = of_model(theirs)
    assert of_ours(INVOKE_ENDPOINT.members[name]) == (
        kind,
        low,
        high,
        SPELLED.get(pattern, pattern),
        enum,
    )
    if theirs.serialization["location"] == "header":
        assert HEADERS[name] == theirs.serialization["name"].lower()


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [(ASCII, ["", "a\tb", "~"], ["é"]), (PRINTABLE, ["a", "a b~"], ["", " a", "a\nb", "aé"])],
)
def test_the_patterns_of_our_spelling_mean_what_the_models_mean(pattern, good, bad):
    assert all(compiled(pattern).fullmatch(each) for each in good)
    assert not any(compiled(pattern).fullmatch(each) for each in bad)
