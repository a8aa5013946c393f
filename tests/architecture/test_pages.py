"""What the pages say can be followed: links, paths, commands, and the index of decisions."""

import re
import shlex
from functools import cache
from pathlib import Path

import pytest

from docs.decisions import index
from larder.cli.main import main as larder

ROOT = Path(__file__).parents[2]
TOP = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
PAGES = [*(ROOT / name for name in TOP), *sorted((ROOT / "docs").rglob("*.md"))]
PLACES = "larder|lambdas|jobs|stacks|local|tests|docs|features|examples|benchmarks|.github|.ci"
CODE_PATH = re.compile(rf"(?:{PLACES})/[\w./-]+")
COMMAND = re.compile(r"(?:[A-Z_]+=\S+ +)*((?:\.venv/bin/)?(?:make|python|larder|pip|cdk)(?: .*)?)")
SHELL = {"", "sh", "bash"}


def name(page):
    return str(page.relative_to(ROOT))


@cache
def text(page):
    return page.read_text(encoding="utf-8")


@cache
def parts(page):
    """A page's prose, and the lines of its fenced code by the fence's language."""
    prose, code, language = [], [], None
    for line in text(page).splitlines():
        if line.startswith("```"):
            language = line[3:].strip() if language is None else None
        elif language is None:
            prose.append(line)
        else:
            code.append((language, line))
    return "\n".join(prose), code


def prose(page):
    """A page without its fenced code."""
    return parts(page)[0]


def anchors(page):
    """The anchors of a page's headings, as GitHub makes them, and those that it states."""
    headings = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    slugs = [re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings]
    return {*slugs, *re.findall(r'<a id="([^"]+)">', text(page))}


def broken_links(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            yield target


def missing_files(page):
    """Paths in a page's inline code, from the root or from the page's folder, that lead nowhere."""
    for code in re.findall(r"`([^`\n]+)`", prose(page)):
        near = (ROOT / code, page.parent / code)
        if CODE_PATH.fullmatch(code) and not any(path.exists() for path in near):
            yield code


def of_all(find, pages=PAGES):
    """What is found wrong, by page."""
    found = {name(page): list(find(page)) for page in pages}
    assert found
    return {page: wrong for page, wrong in found.items() if wrong}


def test_links_lead_somewhere():
    assert of_all(broken_links) == {}


def test_files_that_a_page_names_exist():
    """Of what is now: the changelog and superseded decisions name what was."""
    now = [
        page
        for page in PAGES
        if page.name != "CHANGELOG.md" and "Status: superseded" not in text(page)
    ]
    assert of_all(missing_files, now) == {}


def commands(page):
    """The command lines that a page shows: in fences of a shell, and inline."""
    lines = [line.removeprefix("$ ") for language, line in parts(page)[1] if language in SHELL]
    lines += re.findall(r"`([^`\n]+)`", prose(page))
    for line in lines:
        inner = re.search(r'"\$\((.+?)\)"', line)
        if command := COMMAND.fullmatch(inner[1] if inner else line):
            yield shlex.split(command[1], comments=True)


@cache
def targets():
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


def problem(words, capsys):
    """What is wrong with a command line, or None."""
    program, *rest = words
    if program == "make":
        asked = [word for word in rest if not word.startswith("-") and "=" not in word]
        return [each for each in asked if each not in targets()] or None
    if program == "larder":
        return larder_problem(rest, capsys)
    if not program.endswith("python") or not rest or rest[0] == "-c":
        return None
    if rest[0] != "-m":
        return None if (ROOT / rest[0]).is_file() else rest[0]
    if rest[1] == "larder":
        return larder_problem(rest[2:], capsys)
    path = ROOT / rest[1].replace(".", "/")
    known = path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()
    return None if known else rest[1]


def larder_problem(words, capsys):
    options = [word.partition("=")[0] for word in words if word.startswith("--")]
    before = words[: words.index(options[0])] if options else words
    with pytest.raises(SystemExit) as ended:
        larder([*before, "--help"])
    helped = capsys.readouterr().out
    if ended.value.code != 0:
        return words
    return [each for each in options if each not in helped] or None


def test_commands_that_a_page_shows_exist(capsys):
    def wrong(page):
        return [found for words in commands(page) if (found := problem(words, capsys))]

    assert of_all(wrong) == {}


def test_the_readme_shows_commands_of_every_kind():
    shown = {words[0].rpartition("/")[2] for words in commands(ROOT / "README.md")}
    assert {"make", "python", "cdk"} <= shown


def test_the_index_has_every_decision():
    assert text(index.INDEX) == index.index(index.decisions()), "run `make docs`"


def test_decisions_have_numbers_of_their_own():
    numbers = [decision.number for decision in index.decisions()]
    assert len(numbers) == len(set(numbers))
