"""The feature specification: every refusal in words, and what a resolved one freezes."""

import json

import pytest

from larder.errors import AccessForbidden, LarderError, ValidationError
from larder.groups.feature_group import (
    CollectionType,
    FeatureDefinition,
    FeatureGroupStatus,
    FeatureType,
)
from larder.models.resolve import resolve
from larder.models.served import Missing, ModelInput, Runtime, SourceKind
from larder.models.specification import MAX_BYTES, parse
from tests.support.groups import FEATURES, Groups, feature_group

AMOUNT = {"name": "amount", "source": "request", "type": "Fractional"}
CLICKS = {"name": "clicks", "feature_group": "customers"}


def document(*inputs, **more):
    return json.dumps({"version": 1, "inputs": inputs or (AMOUNT,), **more})


def resolved(*inputs, width=None, groups=(), runtime=Runtime.XGBOOST, may_read=True, **more):
    found = Groups(*(groups or (feature_group(),)))
    spec = parse(document(*inputs, **more))
    return resolve(spec, found, lambda _: may_read, width or len(inputs), runtime=runtime)


def test_the_example_of_the_pages_is_resolved():
    spec = resolved(
        AMOUNT,
        {"name": "clicks", "feature_group": "customers", "key": "who", "missing": {"default": 0},
         "max_age_seconds": 86400},
        {"name": "town", "feature_group": "customers", "feature": "city", "missing": "nan",
         "categories": ["low", "mid"]},
        unit="who", output={"name": "risk"},
    )  # fmt: skip
    assert spec.inputs == (
        ModelInput(name="amount", source=SourceKind.REQUEST, type="Fractional"),
        ModelInput(
            name="clicks", source=SourceKind.FEATURE_GROUP, type="Integral", group="customers",
            group_uid="ucustomers", feature="clicks", key="who", missing=Missing.DEFAULT,
            default=0.0, max_age_seconds=86400,
        ),
        ModelInput(
            name="town", source=SourceKind.FEATURE_GROUP, type="String", group="customers",
            group_uid="ucustomers", feature="city", key="customer_id", missing=Missing.NAN,
            categories=("low", "mid"),
        ),
    )  # fmt: skip
    assert (spec.unit, spec.output, spec.nan_safe) == ("who", "risk", False)
    assert len(spec.sha256) == 64


def test_the_digest_is_of_the_resolved_specification_and_not_of_its_spelling():
    spelled = {"feature": "clicks", "key": "customer_id", "missing": "fail", "type": "Integral"}
    assert resolved(CLICKS).sha256 == resolved(CLICKS | spelled).sha256
    again = feature_group(uid="another")
    assert resolved(CLICKS, groups=(again,)).sha256 != resolved(CLICKS).sha256


def test_a_vector_spreads_over_its_dimension():
    vector = FeatureDefinition("v", FeatureType.FRACTIONAL, CollectionType.VECTOR, 3)
    group = feature_group(features=(*FEATURES, vector))
    spec = resolved({"name": "v", "feature_group": "customers"}, width=3, groups=(group,))
    assert [each.size for each in spec.inputs] == [3]
    with pytest.raises(ValidationError, match=r"1 inputs of 3 columns; the model takes 2"):
        resolved({"name": "v", "feature_group": "customers"}, width=2, groups=(group,))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense", "not valid JSON"),
        ("[]", "must be a JSON object"),
        ("{}", "'version' failed.*must be 1"),
        (document(version=2), "'version' failed.*must be 1"),
        (document(version=True), "'version' failed"),
        ('{"version": 1, "inputs": []}', "'inputs' failed.*at least one input"),
        ('{"version": 1, "inputs": {}}', "'inputs' failed"),
        (document("amount"), r"inputs.1.member.*object that describes one input"),
        (document(AMOUNT, inputz=1), "did you mean inputs"),
        (document(AMOUNT | {"missin": "nan"}), "did you mean missing"),
        (document(AMOUNT | {"name": ""}), "'inputs.1.member.name'.*1 to 256"),
        (document({"source": "request", "type": "Integral"}), r"null at 'inputs.1.member.name'"),
        (document(AMOUNT, AMOUNT), "'inputs.2.member.name'.*differ from the names"),
        (document({"name": "a"}), "must name a feature group"),
        (document({"name": "a", "source": "table"}), "must be request or feature_group"),
        (document({"name": "a", "source": ["request"]}), "must be request or feature_group"),
        (document({"name": "a", "source": "request"}), r"one of \[String, Integral, Fractional\]"),
        (document(AMOUNT | {"key": "k"}), "'inputs.1.member.key'.*left out"),
        (document(AMOUNT | {"type": "Float"}), "'inputs.1.member.type'"),
        (document(AMOUNT | {"missing": "nil"}), '"fail", "nan" or'),
        (document(AMOUNT | {"missing": ["nan"]}), '"fail", "nan" or'),
        (document(AMOUNT | {"missing": {}}), "missing.default.*finite number"),
        (document(AMOUNT | {"missing": {"default": True}}), "missing.default"),
        (document(AMOUNT | {"missing": {"default": 1, "else": 2}}), "missing.else"),
        (document(AMOUNT | {"size": 0}), "'inputs.1.member.size'.*1 to 8192"),
        (document(AMOUNT | {"categories": ["a", "a"]}), "different texts"),
        (document(AMOUNT | {"categories": [1]}), "different texts"),
        (document(CLICKS | {"max_age_seconds": 0}), "maxAge|max_age_seconds"),
        (document(nan_safe="yes"), "true or false"),
        (document(unit=7), "'unit' failed"),
        (document(output="risk"), "'output' failed"),
        (document(output={"name": "error"}), "which an answer has already"),
        (document(output={"name": ["error"]}), "'output.name' failed"),
        ('{"version": 1, "inputs": "' + "x" * MAX_BYTES + '"}', r"at most 65536 \(64 KB\)"),
    ],
)
def test_what_is_written_wrong_is_refused_in_words(text, words):
    with pytest.raises(ValidationError, match=words):
        parse(text)


LISTED = FeatureDefinition("tags", FeatureType.FRACTIONAL, CollectionType.LIST)


@pytest.mark.parametrize(
    ("inputs", "changes", "words"),
    [
        ([{"name": "click", "feature_group": "customers"}], {}, "near are clicks"),
        ([{"name": "clicks", "feature_group": "nowhere"}], {}, "nowhere: there is no feature group"),
        ([CLICKS | {"type": "String"}], {}, "must be Integral, the feature's type"),
        ([CLICKS | {"size": 2}], {"width": 2}, "must be 1, the feature's own size"),
        ([CLICKS | {"missing": "nan"}], {"runtime": Runtime.ONNX}, '"nan_safe": true'),
        ([CLICKS | {"missing": {"default": 0.5}}], {}, "whole number"),
        ([CLICKS | {"missing": {"default": "x"}}], {}, "must be a number"),
        ([CLICKS | {"categories": ["x"]}], {}, "left out of a Integral input"),
        ([{"name": "city", "feature_group": "customers"}], {}, "must list the categories"),
        ([{"name": "city", "feature_group": "customers", "categories": ["a"],
           "missing": {"default": "b"}}], {}, "one of the categories"),
        ([AMOUNT, CLICKS], {"width": 3}, "2 inputs of 2 columns; the model takes 3"),
        ([CLICKS | {"key": "clicks"}], {}, "differ from the request fields that carry identifiers"),
        ([CLICKS], {"groups": (feature_group(online=None),)}, "no online store"),
        ([CLICKS], {"groups": (feature_group(status=FeatureGroupStatus.DELETING),)}, "status Created"),
        ([CLICKS], {"groups": (feature_group(tags=(("larder:removed:clicks", ""),)),)}, "must be a feature of"),
        ([{"name": "tags", "feature_group": "customers"}],
         {"groups": (feature_group(features=(*FEATURES, LISTED)),)}, "scalar or a Vector"),
    ],
)  # fmt: skip
def test_what_does_not_fit_groups_or_model_is_refused_in_words(inputs, changes, words):
    with pytest.raises(ValidationError, match=words):
        resolved(*inputs, **changes)


def test_an_author_without_the_right_learns_which_group():
    with pytest.raises(AccessForbidden, match="reads customers, and you lack the read right"):
        resolved(CLICKS, may_read=False)


def test_nan_is_taken_where_parity_is_stated():
    spec = resolved(CLICKS | {"missing": "nan"}, runtime=Runtime.ONNX, nan_safe=True)
    assert spec.nan_safe


@pytest.mark.parametrize("text", [b"\xff", '{"version": 1, "inputs": [null]}', "null", '"\ud800"'])
def test_hostile_texts_are_refused_and_not_failures(text):
    with pytest.raises(LarderError):
        parse(text)
