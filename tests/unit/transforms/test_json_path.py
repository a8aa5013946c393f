"""The part of JSONPath that transform jobs know."""

import pytest

from larder.transforms.json_path import BadPath, JsonPath, NotFound

ROW = ["id", "1", "2", "3", "4", "5"]
RECORD = {"id": 7, "features": [1, 2, 3], "deep": {"a b": {"c": 1}, "_x": 2}}


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("$", ROW, ROW),
        ("$[0]", ROW, "id"),
        ("$[-1]", ROW, "5"),
        ("$[0,-1]", ROW, ["id", "5"]),
        ("$[1:]", ROW, ["1", "2", "3", "4", "5"]),
        ("$[1:4]", ROW, ["1", "2", "3", "4"]),
        ("$[:2]", ROW, ["id", "1", "2"]),
        ("$[-2:]", ROW, ["4", "5"]),
        ("$[0:-2]", ROW, ["id", "1", "2", "3", "4"]),
        ("$[0,4:]", ROW, ["id", "4", "5"]),
        ("$[4:99]", ROW, ["4", "5"]),
        ("$.features", RECORD, [1, 2, 3]),
        ("$.features[1:]", RECORD, [2, 3]),
        ("$['id']", RECORD, 7),
        ("$['features','id']", RECORD, {"features": [1, 2, 3], "id": 7}),
        ("$.deep['a b'].c", RECORD, 1),
        ("$.deep._x", RECORD, 2),
        ("$.features.*", RECORD, [1, 2, 3]),
        ("$.deep['a b'].*", RECORD, [1]),
    ],
)
def test_a_path_names_a_part_of_a_value(path, value, expected):
    assert JsonPath.parse(path).of(value) == expected


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("$[6]", ROW, "element 6 of 6"),
        ("$[-7]", ROW, "element -7 of 6"),
        ("$.nothing", RECORD, "'nothing'"),
        ("$.id[0]", RECORD, "no list"),
        ("$.features.id", RECORD, "'id'"),
    ],
)
def test_what_a_value_has_not_is_named(path, value, said):
    with pytest.raises(NotFound, match=said):
        JsonPath.parse(path).of(value)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("features", r"must begin with \$"),
        ("$features", "character 2"),
        ("$..a", "character 2"),
        ("$[?(@.a)]", "character 2"),
        ("$[a]", "character 2"),
        ("$[1:2:3]", "'1:2:3'"),
        ("$[]", "character 2"),
        ("$['a", "character 2"),
        (
            "$[0:2,246:]",
            r"Invalid JsonPath: \$\[0:2,246:\]: only single range filters of format "
            r"\(eg: \[1:5\]\) are supported",
        ),
    ],
)
def test_a_text_that_is_no_path_is_refused(path, said):
    with pytest.raises(BadPath, match=said):
        JsonPath.parse(path)
