"""The examples of ``docs/continuous_training.md`` run as they are written."""

import re
import shlex
from pathlib import Path

import pytest

from larder.cli.main import main
from larder.declared.training_shape import TRAINING

PAGE = (Path(__file__).parents[3] / "docs" / "continuous_training.md").read_text()
FILES = dict(re.findall(r"^`(\S+)`:\n\n```\w+\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL))
BLOCKS = re.findall(r"^```console\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_the_page_shows_is_what_is_printed(folder, capsys):
    commands = [part for block in BLOCKS for part in re.split(r"^\$ ", block, flags=re.M)[1:]]
    assert (len(commands), set(FILES)) == (3, {"fraud.yaml"})
    for each in commands:
        command, _, output = each.partition("\n")
        program, *arguments = shlex.split(command)
        if program == "sed":
            old, new = arguments[0].removeprefix("s/").removesuffix("/").split("/")
            text = (folder / arguments[1]).read_text()
            assert old in text
            (folder / arguments[3]).write_text(text.replace(old, new))
            continue
        status = main(arguments)
        said = capsys.readouterr()
        assert (said.out or said.err) == output
        assert status == (0 if said.out else 2)


def test_the_page_names_every_member_of_a_file():
    for name in TRAINING.members:
        assert f"`{name}" in PAGE or f"{name}: " in PAGE, name
