"""Docstrings and comments have short sentences: at most 20 words."""

import ast
import io
import re
import textwrap
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOPS = ("larder", "lambdas", "jobs", "stacks", "local")
LONGEST = 20
# Headings whose indented lines are sentences, not a table.
HEADING = re.compile(r"(?:Args|Attributes|Raises|Returns):")
ENTRY = re.compile(r" {4}[\w., ]+: ")
# A list's next entry, and what a colon, a semicolon or a full stop ends, are apart.
ITEM = re.compile(r"[*-] |\d\. ")
END = re.compile(r"(?<=[.;:?!])\s+")


def words(sentence):
    """How many words a sentence has: what lies between blanks and has a letter or a digit."""
    return sum(1 for word in sentence.split() if re.search(r"\w", word))


def passages(text):
    """The passages of a docstring or comment, each with the number of its first line, from 0.

    Lines that are indented by four blanks or more are a table or code, unless a heading is above.
    """
    heading, start, gathered = False, 0, []
    for number, line in enumerate([*text.split("\n"), ""]):
        headed = bool(HEADING.fullmatch(line.strip()))
        table = line.startswith(" " * 4) and not heading
        begins = ITEM.match(line.lstrip()) or (heading and ENTRY.match(line))
        if gathered and (not line.strip() or headed or table or begins):
            yield start, " ".join(gathered)
            gathered = []
        heading = headed or (heading and (line.startswith(" ") or not line.strip()))
        if line.strip() and not headed and not table:
            start = start if gathered else number
            gathered.append(line.strip())


def docstrings(source):
    """Each docstring with the number of its first line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield node.body[0].lineno, text


def comments(source):
    """Comments on lines of their own that follow each other are one text; others are alone."""
    last, start, gathered = None, 0, []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        place = (token.start[0], token.start[1])
        alone = not token.line[: place[1]].strip()
        if gathered and (not alone or last != (place[0] - 1, place[1])):
            yield start, "\n".join(gathered)
            gathered = []
        start = start if gathered else place[0]
        gathered.append(token.string.removeprefix("#").removeprefix(" "))
        last = place if alone else None
    if gathered:
        yield start, "\n".join(gathered)


def long_sentences(source):
    """Line, number of words and text of each sentence that is too long."""
    for first, text in [*docstrings(source), *comments(source)]:
        for number, passage in passages(text):
            for sentence in END.split(passage):
                if words(sentence) > LONGEST:
                    yield first + number, words(sentence), sentence


def modules():
    paths = [path for top in TOPS for path in sorted((ROOT / top).rglob("*.py"))]
    assert paths
    return paths


def test_no_docstring_and_no_comment_has_a_long_sentence():
    found = [
        f"{path.relative_to(ROOT)}:{line}: {number} words: {sentence}"
        for path in modules()
        for line, number, sentence in long_sentences(path.read_text(encoding="utf-8"))
    ]
    assert found == [], f"write sentences of at most {LONGEST} words"


LONG = " ".join(["word"] * (LONGEST + 1)) + "."
JUST = " ".join(["word"] * LONGEST) + "."


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        (f"Short.\n\n{LONG}\n", [3]),
        (f"{JUST} {JUST}\n", []),
        (f"Short.\n\nSome.\n{textwrap.fill(LONG, 40)}\n", [3]),
        (f"Short.\n\nA table:\n\n    {LONG}\n", []),
        (f"Short.\n\nRaises:\n    Error: {LONG}\n", [4]),
        (f"Short.\n\nRaises:\n    Error: short,\n        {LONG}\n", [4]),
        (f"Short.\n\nAttributes:\n    one: short\n    two: {LONG}\n", [5]),
        (f"Short.\n\n* an item that goes on\n* {LONG}\n", [4]),
    ],
)
def test_a_long_sentence_of_a_docstring_is_found(body, lines):
    source = f'"""{body}"""\n'
    assert [line for line, _, _ in long_sentences(source)] == lines


@pytest.mark.parametrize("kind", ["class A:", "def a():", "async def a():"])
def test_docstrings_of_every_kind_are_read(kind):
    source = f'x = 1\n{kind}\n    """{LONG}"""\n'
    assert [(line, number) for line, number, _ in long_sentences(source)] == [(3, LONGEST + 1)]


def test_a_long_sentence_of_a_comment_is_found_over_lines():
    source = "x = 1  # short\n# " + textwrap.fill(LONG, 40).replace("\n", "\n# ") + "\n"
    assert [line for line, _, _ in long_sentences(source)] == [2]
