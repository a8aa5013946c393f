"""Releases side by side: every stored form is read, kept whole, and refused where it is newer.

``tests.support.formats`` has the table of forms; decision 0192 has the rules.
"""

import ast
from pathlib import Path

import orjson
import pytest
from moto import mock_aws

from larder.errors import NewerFormat, ServiceUnavailable
from larder.formats import Format
from tests.support.formats import FIXTURES, FORMS, UNKNOWN, fixtures, group_removed

SOURCE = Path(__file__).parents[2] / "larder"
BY_NAME = {form.name: form for form in FORMS}
EVERY_FIXTURE = [(form, name) for form in FORMS for name in fixtures(form)]


def named(value):
    return value.name if hasattr(value, "makes") else None


@pytest.fixture(autouse=True)
def cloud():
    with mock_aws():
        yield


def declared():
    """Names of the formats that the library declares."""
    calls = (
        node
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Format"
    )
    return {ast.literal_eval(call.args[0]) for call in calls}


def test_every_format_is_in_the_table_and_every_one_there_has_fixtures():
    assert declared() == set(BY_NAME) == {each.name for each in FIXTURES.iterdir()}
    assert all(fixtures(form) for form in FORMS)


@pytest.mark.parametrize("form", FORMS, ids=named)
def test_todays_form_is_a_fixture(form):
    made, stored = form.makes(), fixtures(form)
    assert {name: stored.get(name, b"").strip() for name in made} == {
        name: body.strip() for name, body in made.items()
    }, "python -m tests.support.formats says what to do"


@pytest.mark.parametrize(("form", "name"), EVERY_FIXTURE, ids=named)
def test_a_fixture_of_any_release_is_read_as_what_it_was(form, name):
    assert form.read(fixtures(form)[name]) == form.value(name)


@pytest.mark.parametrize(
    ("form", "name"), [each for each in EVERY_FIXTURE if each[0].more], ids=named
)
def test_what_a_newer_release_adds_is_passed_over(form, name):
    body = form.more(fixtures(form)[name])
    assert UNKNOWN.encode() in body.lower()
    assert form.read(body) == form.value(name)


@pytest.mark.parametrize(
    ("form", "name"),
    [each for each in EVERY_FIXTURE if each[0].rewrite and each[0].more],
    ids=named,
)
def test_what_a_newer_release_adds_stays_when_the_item_is_written_again(form, name):
    body = form.more(fixtures(form)[name])
    with mock_aws():
        after = form.rewrite(body)
    assert after != body
    assert unknown_in(orjson.loads(after)) == unknown_in(orjson.loads(body)) != []


def unknown_in(document, path=()):
    """Places and values of what a newer release has added."""
    if not isinstance(document, dict):
        return []
    found = [(path, document[UNKNOWN])] if UNKNOWN in document else []
    for member in sorted(document):
        found += unknown_in(document[member], (*path, member))
    return found


def test_a_removed_group_keeps_what_a_newer_release_added():
    form = BY_NAME["group"]
    body = form.more(fixtures(form)["v1"])
    assert unknown_in(orjson.loads(group_removed(body))["doc"]) == unknown_in(
        orjson.loads(body)["doc"]
    )


@pytest.mark.parametrize("form", [form for form in FORMS if form.name != "staged-rows"], ids=named)
def test_r6_a_newer_format_is_refused_and_the_error_says_what_which_and_the_cure(form):
    body = form.newer(fixtures(form)["v1" if "v1" in fixtures(form) else "v1-parked"])
    with pytest.raises(NewerFormat) as refused:
        form.read(body)
    text = str(refused.value)
    assert any(item in text for item in form.item.split("|"))
    assert "of format 2 " in text and "knows up to 1" in text and "upgrade this function" in text
    assert isinstance(refused.value, ServiceUnavailable)  # a caller may try again


def test_staged_rows_of_a_newer_format_are_left_to_their_writer_with_a_warning(capsys):
    form = BY_NAME["staged-rows"]
    assert form.read(form.newer(fixtures(form)["v1"])) is None
    told = capsys.readouterr().err
    assert "of format 3 " in told and "knows up to 2" in told


def test_a_number_that_is_none_is_no_format():
    with pytest.raises(ValueError, match="invalid literal"):
        Format("group").check("the group", "two")
