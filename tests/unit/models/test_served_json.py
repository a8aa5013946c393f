"""The served document survives JSON, and readers bear what later releases add."""

import re
from contextlib import nullcontext

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from larder.access.grants import Grants
from larder.errors import ConfigurationError, NewerFormat
from larder.models import served
from larder.models.served_json import (
    check_rewritable,
    from_json,
    model_from_json,
    model_to_json,
    to_json,
)
from tests.support.formats import SERVED_ENDPOINT

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
WHOLE = st.integers(0, 2**40)
JSON = st.dictionaries(
    TEXT, st.recursive(TEXT | WHOLE | NUMBER | st.booleans(), st.lists, max_leaves=4), max_size=3
)

INPUTS = st.builds(
    served.ModelInput,
    name=TEXT, source=st.sampled_from(served.SourceKind), type=TEXT, group=TEXT, group_uid=TEXT,
    feature=TEXT, key=TEXT, size=WHOLE, missing=st.sampled_from(served.Missing),
    default=st.none() | NUMBER | TEXT, max_age_seconds=st.none() | WHOLE, categories=TEXTS,
)  # fmt: skip
SPECS = st.builds(
    served.FeatureSpec,
    inputs=st.lists(INPUTS, max_size=3).map(tuple), unit=TEXT, output=TEXT,
    nan_safe=st.booleans(), sha256=TEXT,
)  # fmt: skip
MODELS = st.builds(
    served.ServedModel,
    name=TEXT, uid=TEXT, runtime=st.sampled_from(served.Runtime),
    contract=st.sampled_from(served.Contract),
    artefacts=st.lists(st.builds(served.ModelArtefact, sha256=TEXT, size=WHOLE), max_size=2).map(tuple),
    width=WHOLE, columns=TEXTS, environment=st.dictionaries(TEXT, TEXT, max_size=2),
    features=st.none() | SPECS, package_arn=TEXT,
)  # fmt: skip
VARIANTS = st.lists(
    st.builds(served.Variant, name=TEXT, weight=NUMBER, model=MODELS), max_size=2
).map(tuple)
FLEETS = st.builds(served.Fleet, config=TEXT, variants=VARIANTS, shadows=VARIANTS)
ENDPOINTS = st.builds(
    served.ServedEndpoint,
    name=TEXT, uid=TEXT, status=st.sampled_from(served.EndpointStatus), generation=WHOLE,
    salt=TEXT, blue=FLEETS, green=st.none() | FLEETS, green_share=NUMBER,
    grants=st.builds(Grants, read=TEXTS, write=TEXTS, admin=TEXTS), capture=JSON,
)  # fmt: skip


@given(ENDPOINTS)
def test_an_endpoint_comes_back_exactly(endpoint):
    assert from_json(to_json(endpoint)) == endpoint


@given(MODELS)
def test_a_model_comes_back_exactly(model):
    assert model_from_json(model_to_json(model)) == model


def _with_members(value):
    """The document with a member in every object that no release knows yet."""
    if isinstance(value, dict):
        return {name: _with_members(each) for name, each in value.items()} | {"later": [1]}
    return [_with_members(each) for each in value] if isinstance(value, list) else value


@given(ENDPOINTS.filter(lambda each: not each.capture))
def test_members_of_later_releases_are_ignored(endpoint):
    document = _with_members(orjson.loads(to_json(endpoint)))
    document["version"] = "1.9"
    for fleet in (document["endpoint"]["blue"], document["endpoint"]["green"]):
        for variant in (*fleet["variants"], *fleet["shadows"]) if fleet else ():
            variant["model"]["environment"].pop("later")  # an environment's names are free
    document["endpoint"]["capture"].pop("later")
    assert from_json(orjson.dumps(document)) == endpoint


def test_a_newer_major_version_is_refused_in_words():
    with pytest.raises(NewerFormat, match=r"format 2 .*knows up to 1.*newer release"):
        from_json('{"version": "2.0", "endpoint": {}}')


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": "1.0"}', '{"version": "1.0", "endpoint": {"name": 1}}',
             '{"version": "1.0", "endpoint": []}', '{"version": null, "endpoint": {}}', "\x00"]
)  # fmt: skip
def test_what_is_no_document_is_refused_in_words(text):
    with pytest.raises(ConfigurationError, match="can't be read"):
        from_json(text)


@pytest.mark.parametrize(
    "name", ["status", "runtime", "contract", "source", "missing"], ids=lambda each: each
)
def test_a_name_of_a_later_list_is_refused_as_newer(name):
    text = to_json(SERVED_ENDPOINT)
    document = re.sub(rf'"{name}":"\w[\w-]*"', f'"{name}":"OfALaterRelease"', text)
    assert document != text
    with pytest.raises(NewerFormat, match=r"OfALaterRelease.*upgrade"):
        from_json(document)


@pytest.mark.parametrize(("version", "newer"), [("1.0", False), ("1.1", True)])
def test_a_document_of_a_later_minor_version_is_read_and_not_replaced(version, newer):
    document = orjson.loads(to_json(SERVED_ENDPOINT)) | {"version": version}
    assert from_json(orjson.dumps(document)) == SERVED_ENDPOINT
    with pytest.raises(NewerFormat, match="would lose") if newer else nullcontext():
        check_rewritable(orjson.dumps(document))
