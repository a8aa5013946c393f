"""The explicit request shapes say exactly what botocore's own model of SageMaker says."""

import sys
import unicodedata

import pytest

from larder.groups.api.request_shapes import REQUESTS
from larder.problems import Problem
from larder.wire.shapes import compiled, problems
from tests.support.service_models import of_model, of_ours, service_model


@pytest.mark.parametrize("operation", sorted(REQUESTS))
def test_every_member_and_constraint_of_a_request_is_the_models(operation):
    theirs = of_model(service_model("sagemaker").operation_model(operation).input_shape)

    assert of_ours(REQUESTS[operation]) == theirs


def test_letters_numbers_and_separators_are_unicodes_own():
    words = compiled(r"([\p{L}\p{Z}\p{N}_.:/=+\-]*)")
    allowed = set("_.:/=+-")

    def expected(character):
        return character in allowed or unicodedata.category(character)[0] in "LZN"

    wrong = [
        hex(code)
        for code in range(sys.maxunicode + 1)
        if not 0xD800 <= code < 0xE000 and bool(words.fullmatch(chr(code))) != expected(chr(code))
    ]
    assert wrong == []


def test_catalog_names_take_everything_printable_beyond_the_basic_plane():
    names = compiled(r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*")

    assert names.fullmatch("a\tb é \U0001f600")
    assert not names.fullmatch("a\nb")
    assert not names.fullmatch("\x00")


def _texts(operation, request):
    return [str(problem) for problem in problems(REQUESTS[operation], request)]


def test_a_pattern_has_to_match_to_the_very_end():
    assert _texts("DeleteFeatureGroup", {"FeatureGroupName": "good"}) == []
    assert _texts("DeleteFeatureGroup", {"FeatureGroupName": "good\n"}) == [
        "Value 'good\n' at 'featureGroupName' failed to satisfy constraint: Member must satisfy "
        "regular expression pattern: [a-zA-Z0-9]([_-]*[a-zA-Z0-9]){0,63}"
    ]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({}, "Value null at 'featureGroupName' failed to satisfy constraint: Member must not be"),
        ({"FeatureGroupName": None}, "Value null at 'featureGroupName' failed"),
        ({"FeatureGroupName": 7}, "Value '7' at 'featureGroupName' failed to satisfy constraint: "),
        ({"FeatureGroupName": "x", "Nmae": 1}, "Value of this name at 'nmae' failed to satisfy"),
        ({"FeatureGroupName": ["x"]}, "Value 'list' at 'featureGroupName' failed"),
        ({"FeatureGroupName": "x" * 65}, "length less than or equal to 64, not 65"),
        ([], "Value 'list' at 'request' failed to satisfy constraint: Member must be an object"),
    ],
)
def test_a_wrong_member_is_named_with_its_value_and_constraint(request_, expected):
    (text,) = _texts("DeleteFeatureGroup", request_)

    assert expected in text


def test_places_in_lists_are_counted_from_one_as_aws_does():
    definition = {"FeatureName": "a", "FeatureType": "Text"}
    request = {"FeatureGroupName": "x", "FeatureAdditions": [definition]}

    assert _texts("UpdateFeatureGroup", request) == [
        "Value 'Text' at 'featureAdditions.1.member.featureType' failed to satisfy constraint: "
        "Member must satisfy enum value set: [Integral, Fractional, String]"
    ]


def test_whole_numbers_are_neither_booleans_nor_fractions():
    for value in (True, 1.5, "5", 2**31):
        assert len(_texts("ListFeatureGroups", {"MaxResults": value})) == 1


def test_all_problems_of_a_request_are_found():
    request = {"MaxResults": 101, "SortBy": "Size", "NameContains": "", "CreationTimeAfter": "now"}

    assert len(_texts("ListFeatureGroups", request)) == 4


def test_an_expression_nested_without_end_is_refused_not_followed():
    expression = {"Operator": "And"}
    for _ in range(500):
        expression = {"SubExpressions": [expression]}

    (text,) = _texts("Search", {"Resource": "FeatureGroup", "SearchExpression": expression})

    assert "nested deeper" in text
    assert isinstance(Problem((), text), Problem)
