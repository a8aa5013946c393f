"""A stage's choices from a file: read whole, or refused with the way out."""

import json

import pytest

from larder.cli.main import main
from larder.cli.stage_choices import read_choices
from larder.cost.terms import StageChoices, Standing

GOOD = {"runtime_memory_mb": 1024, "runtime_start": "provisioned:3", "resources": {"AWS::X": 2}}


def test_choices_are_read_from_a_file(tmp_path, capsys):
    path = tmp_path / "prod.json"
    path.write_text(json.dumps(GOOD))
    standing = Standing(resources={"AWS::X": 2}, provisioned=3, snapshots=False)
    assert read_choices(path) == StageChoices(1024, standing)
    assert main(["cost", "--choices", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["function"]["memory_mb"] == 1024


@pytest.mark.parametrize(
    "text",
    [None, "", "[]", "{}", "null", json.dumps(GOOD | {"resources": []}), "\xff not JSON"],
)
def test_a_file_of_another_kind_is_refused_with_the_way_out(tmp_path, capsys, text):
    path = tmp_path / "choices.json"
    if text is not None:
        path.write_text(text)
    assert main(["cost", "--choices", str(path)]) == 2
    told = capsys.readouterr().err
    assert str(path) in told and "python -m stacks STAGE" in told and "--memory-mb" in told
