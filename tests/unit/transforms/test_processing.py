"""Filters and joins of records. The examples are those of AWS's guide."""

import pytest

from larder.transforms.errors import BadInput
from larder.transforms.json_path import JsonPath
from larder.transforms.processing import filtered, finished
from larder.transforms.work import Family, Processing


def processing(family, before=None, after=None, *, joins=False):
    paths = (each and JsonPath.parse(each) for each in (before, after))
    return Processing(
        given=family,
        made=family,
        **dict(zip(("before", "after"), paths, strict=False)),
        joins=joins,
    )


def run(record, result, given):
    return filtered(record, given), finished(record, result, given)


@pytest.mark.parametrize(
    ("before", "after", "joins", "asked", "written"),
    [
        (None, None, True, b"7,1,2", b"7,1,2,0.5"),
        ("$[1:]", None, True, b"1,2", b"7,1,2,0.5"),
        ("$[1:]", "$[0,-1]", True, b"1,2", b"7,0.5"),
        ("$[1:]", None, False, b"1,2", b"0.5"),
        ("$[1]", "$", False, b"1", b"0.5"),
        ("$", "$[-1]", True, b"7,1,2", b"0.5"),
    ],
)
def test_columns_of_csv(before, after, joins, asked, written):
    given = processing(Family.CSV, before, after, joins=joins)
    assert run(b"7,1,2", b"0.5", given) == (asked, written)


@pytest.mark.parametrize(
    ("record", "before", "after", "joins", "asked", "written"),
    [
        (
            b'{"key":1}',
            None,
            None,
            True,
            b'{"key":1}',
            b'{"key":1,"SageMakerOutput":{"score":0.5}}',
        ),
        (
            b'{"id":7,"features":[1,2]}',
            "$.features",
            "$['id','SageMakerOutput']",
            True,
            b"[1,2]",
            b'{"id":7,"SageMakerOutput":{"score":0.5}}',
        ),
        (
            b"[1,2]",
            None,
            None,
            True,
            b"[1,2]",
            b'{"SageMakerInput":[1,2],"SageMakerOutput":{"score":0.5}}',
        ),
        (b'{"features":[1,2]}', "$.features", "$.score", False, b"[1,2]", b"0.5"),
    ],
)
def test_members_of_json(record, before, after, joins, asked, written):
    given = processing(Family.JSON_LINES, before, after, joins=joins)
    assert run(record, b'{"score":0.5}', given) == (asked, written)


def test_a_quoted_cell_is_one_cell_and_is_quoted_again():
    given = processing(Family.CSV, "$[1:]", "$[0,-1]", joins=True)
    assert run(b'"a, ""b""",1,2', b"0.5", given) == (b"1,2", b'"a, ""b""",0.5')


@pytest.mark.parametrize(
    ("family", "record", "path", "said"),
    [
        (Family.CSV, b"1,2", "$[5]", "InputFilter: .*element 5 of 2"),
        (Family.JSON_LINES, b'{"a":1}', "$.b", "InputFilter: .*'b'"),
        (Family.JSON_LINES, b"{a}", "$.a", "no jsonlines"),
        (Family.CSV, b'"1,2', "$[0]", "no csv"),
        (Family.CSV, b"\xff", "$[0]", "no csv"),
    ],
)
def test_a_record_without_what_a_filter_names_is_refused(family, record, path, said):
    with pytest.raises(BadInput, match=said):
        filtered(record, processing(family, path))
