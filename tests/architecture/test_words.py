"""Pages, docstrings, comments and messages use the glossary's words and none that it retired."""

import ast
import io
import re
import tokenize
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *(page for page in sorted((ROOT / "docs").rglob("*.md")) if page.name != "glossary.md"),
]
# How many retired words a package or a page may still have. A number only ever shrinks:
# `python -m tests.architecture.test_words` prints today's.
MOST = {
    "larder/cost": 4,
    "larder/offline": 1,
    "stacks": 2,
}


@cache
def retired():
    """One pattern of the glossary's retired words, small or with a capital initial."""
    table = (ROOT / "docs/glossary.md").read_text().partition("## Retired words")[2]
    phrases = [
        phrase
        for row in re.findall(r"^\| (`.*?) \|", table, flags=re.MULTILINE)
        for phrase in re.findall(r"`([^`]+)`", row)
    ]
    assert phrases
    either = "|".join(f"[{p[0]}{p[0].upper()}]{re.escape(p[1:])}" for p in phrases)
    return re.compile(rf"\b(?:{either})\b")


def words_of_page(text):
    """A page without inline code, addresses of links and HTML tags."""
    return re.sub(r"`[^`\n]*`|\]\([^)]*\)|<[^>]*>", "", text)


def words_of_module(source):
    """The docstrings, comments and texts of a module, without what is code in them."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    said = [token.string for token in tokens if token.type == tokenize.COMMENT]
    said += [
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return re.sub(r"``[^`]*``|\s+", " ", "\n".join(said))


def packages():
    """The packages whose words are counted, by their path."""
    for top in ("larder", "lambdas", "jobs", "stacks", "local"):
        yield (
            top,
            [
                *(ROOT / top).glob("*.py"),
            ],
        )
        for folder in sorted((ROOT / top).iterdir()):
            if folder.is_dir() and any(folder.rglob("*.py")):
                yield f"{top}/{folder.name}", [*folder.rglob("*.py")]


def found():
    """How many retired words each package and each page has."""
    pattern = retired()
    pages = {
        str(page.relative_to(ROOT)): len(pattern.findall(words_of_page(page.read_text())))
        for page in PAGES
    }
    modules = {
        name: sum(len(pattern.findall(words_of_module(path.read_text()))) for path in paths)
        for name, paths in packages()
    }
    return pages | modules


@pytest.fixture(scope="module")
def counted():
    return found()


def test_no_page_and_no_package_gains_a_retired_word(counted):
    above = {name: number for name, number in counted.items() if number > MOST.get(name, 0)}
    assert above == {}, "docs/glossary.md says what to write instead"


def test_only_what_has_retired_words_is_excused(counted):
    assert {name for name in MOST if not counted.get(name)} == set()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Nobody stands at the door", 3),
        ("a standard doorway; understands", 0),
        ("`door` is code", 0),
    ],
)
def test_words_are_found_whole_and_outside_code(text, number):
    assert len(retired().findall(words_of_page(text))) == number


def test_docstrings_comments_and_texts_are_read_and_names_are_not():
    source = 'door = 1  # a door\n"""Whoever ``door``."""\nprint("nobody")\n'
    assert sorted(retired().findall(words_of_module(source))) == ["Whoever", "door", "nobody"]


if __name__ == "__main__":
    for place, number in found().items():
        if number:
            print(f'    "{place}": {number},')
