"""Every choice of a stage says what it decides, and none can be changed afterwards."""

import ast
import dataclasses
import inspect

import pytest

from stacks import choices, config


def described(module):
    """``(class, field, its docstring or None)`` of every field of a module's dataclasses."""
    for kind in ast.parse(inspect.getsource(module)).body:
        if not isinstance(kind, ast.ClassDef):
            continue
        for field, after in zip(kind.body, [*kind.body[1:], None], strict=True):
            if isinstance(field, ast.AnnAssign):
                text = getattr(getattr(after, "value", None), "value", None)
                yield kind.name, field.target.id, text


@pytest.mark.parametrize("module", [choices, config], ids=lambda module: module.__name__)
def test_every_choice_says_what_it_decides(module):
    found = list(described(module))
    assert len(found) > 5
    silent = [(kind, name) for kind, name, text in found if not isinstance(text, str)]
    assert silent == []


def test_choices_are_frozen():
    for kind in vars(choices).values():
        if dataclasses.is_dataclass(kind) and kind.__module__ == choices.__name__:
            assert kind.__dataclass_params__.frozen, kind
    assert config.StageConfig.__dataclass_params__.frozen
