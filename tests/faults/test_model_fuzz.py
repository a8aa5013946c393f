"""Damaged model files: the import refuses them, or what it took in serves; nothing crashes later.

Each file is inspected in a fork that has the import's own limits (``model_fuzz.py``). A fork that a
library ends is a refusal: the import says so in words, which ``test_import.py`` shows.
"""

import json
import subprocess
import sys

import pytest

from larder.errors import ValidationError
from larder.models.adapters.inspection_process import InspectionProcess
from larder.models.archive import ModelFile
from larder.models.images import image_of
from larder.wiring import model_inspection
from tests.faults import model_fuzz
from tests.support import boosters
from tests.support.artefacts import lightgbm_model, linear, onnx_forest
from tests.support.environments import ROOT
from tests.support.model_files import as_json, old_binary

FORMS = {
    "ubj": boosters.ubj,
    "json": as_json,
    "old binary": old_binary,
    "lightgbm": lambda: lightgbm_model().model_to_string().encode(),
    "onnx": lambda: linear()[1],
    "onnx forest": onnx_forest,
}


def damaged(form, first, count, folder):
    """How many of so many damaged files had which outcome, and which of them a bad one."""
    (folder / "whole").write_bytes(FORMS[form]())
    command = [sys.executable, "-m", model_fuzz.__name__, form, str(first), str(count), str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("form", FORMS)
def test_a_damaged_file_is_refused_or_serves(form, tmp_path):
    told = damaged(form, 0, 25, tmp_path)
    assert told["bad"] == {}
    assert sum(told["kinds"].values()) == 25


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("form", FORMS)
def test_ten_thousand_damaged_files_are_refused_or_serve(form, tmp_path):
    told = damaged(form, 0, 10_000, tmp_path)
    assert told["bad"] == {}
    assert {"refused", "served"} <= told["kinds"].keys()


@pytest.mark.parametrize("form", FORMS)
def test_the_imports_own_process_gives_a_typed_refusal_or_a_model(form, tmp_path):
    inspect = InspectionProcess(model_inspection.__name__, 60, model_fuzz.MEMORY_BYTES)
    path = tmp_path / "model"
    path.write_bytes(model_fuzz.mutated(FORMS[form](), form, 1))
    try:
        found = inspect([ModelFile("model", path)], image_of("larder"), {}, tmp_path)
    except ValidationError as error:
        assert len(str(error)) > 40
    else:
        assert found.width >= 1
