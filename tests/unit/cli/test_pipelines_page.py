"""The examples of ``docs/pipelines.md`` run as they are written."""

import re
import shlex
from pathlib import Path

import pytest

from larder.cli.main import main

PAGE = (Path(__file__).parents[3] / "docs" / "pipelines.md").read_text()
FILES = dict(re.findall(r"^`(\S+)`:\n\n```\w+\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL))
BLOCKS = re.findall(r"^```console\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def shown():
    """Each command with the lines that it is shown to print, in the order of the page."""
    for block in BLOCKS:
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_has_examples():
    assert set(FILES) == {"visits.yaml", "visits.csv"}
    assert len(list(shown())) == 4


def test_what_the_page_shows_is_what_is_printed(folder, capsys):
    for command, output in shown():
        program, *arguments = shlex.split(command)
        if program == "sed":
            old, new = re.fullmatch(r"s/(.+)/(.+) \\/ 3/", arguments[0]).groups()
            text = (folder / arguments[1]).read_text()
            assert old in text
            (folder / arguments[3]).write_text(text.replace(old, f"{new} / 3"))
            continue
        status = main(arguments)
        said = capsys.readouterr()
        assert (said.out or said.err) == output
        assert status == (0 if said.out else 2)
