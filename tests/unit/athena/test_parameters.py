"""Execution parameters are values and can be nothing else."""

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.athena.errors import QueryFailed
from local.athena.language.parameters import bind, literal
from local.athena.language.parsing import query


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


@given(st.lists(st.text(), min_size=1, max_size=3))
def test_any_text_arrives_as_that_text(values):
    values = [value.replace("\0", "") for value in values]
    marks = ", ".join("?" for _ in values)
    bound = bind(f"SELECT {marks}", [quoted(value) for value in values])

    row = duckdb.sql(query(bound).sql(dialect="duckdb")).fetchone()

    assert row == tuple(values)


@pytest.mark.parametrize(
    "parameter",
    [
        "",
        "abc",
        "1; DROP TABLE t",
        "1 OR 1=1",
        "'a' OR 'a'='a'",
        "(SELECT 1)",
        "current_user",
        "'unclosed",
        "'a' UNION SELECT 1",
        "a.b",
        "?",
        "1)",
    ],
)
def test_what_is_not_one_literal_is_refused_with_its_text_and_the_cure(parameter):
    with pytest.raises(QueryFailed, match="is not a literal; give a number") as refused:
        literal(parameter)

    assert repr(parameter) in str(refused.value)


@pytest.mark.parametrize(
    "parameter", ["1", "-1.5", "'it''s'", "true", "NULL", "1e5", "DATE '2026-01-01'"]
)
def test_literals_are_accepted(parameter):
    assert literal(parameter)


def test_question_marks_in_strings_names_and_comments_are_no_parameters():
    sql = "SELECT '?', \"?\", ? /* ? */ -- ?\n, ?"

    assert bind(sql, ["1", "'?'"]) == "SELECT '?', \"?\", 1 /* ? */ -- ?\n, '?'"


@pytest.mark.parametrize("parameters", [[], ["1", "2"]])
def test_too_many_or_too_few_parameters_are_counted(parameters):
    with pytest.raises(QueryFailed, match=f"expected 1 but found {len(parameters)}"):
        bind("SELECT ?", parameters)
