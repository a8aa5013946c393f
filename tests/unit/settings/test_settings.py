"""What the stacks write into a function's environment, the function reads back."""

import importlib
import pkgutil
from dataclasses import dataclass, fields

import pytest

import larder.settings
from larder.errors import ConfigurationError
from larder.settings.base import Settings

MODULES = [
    importlib.import_module(f"larder.settings.{each.name}")
    for each in pkgutil.iter_modules(larder.settings.__path__)
]
KINDS = [
    kind
    for module in MODULES
    for kind in vars(module).values()
    if isinstance(kind, type)
    and issubclass(kind, Settings)
    and kind is not Settings
    and kind.__module__ == module.__name__
]


@dataclass(frozen=True, kw_only=True)
class Sample(Settings):
    table: str
    days: int
    share: float = 0.5
    names: tuple[str, ...] = ()


def filled(kind):
    """An instance, each of whose fields has a value of its type other than its default."""
    samples = {"str": "text", "int": 7, "float": 0.25, "tuple[str, ...]": ("a:b,c=d", "*")}
    return kind(**{field.name: samples[field.type] for field in fields(kind)})


def test_each_function_has_settings_of_its_own():
    assert {"RuntimeSettings", "ControlSettings", "OfflineWriterSettings"} <= {
        kind.__name__ for kind in KINDS
    }


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_what_is_written_is_read_back(kind):
    settings = filled(kind)
    assert kind.from_env(settings.to_env()) == settings


def test_a_list_is_written_between_spaces_and_may_be_empty():
    settings = Sample(table="t", days=1, names=("arn:aws:iam::1:role/a,b", "c"))
    assert settings.to_env()["LARDER_NAMES"] == "arn:aws:iam::1:role/a,b c"
    assert Sample.from_env({"LARDER_TABLE": "t", "LARDER_DAYS": "1", "LARDER_NAMES": ""}) == (
        Sample(table="t", days=1)
    )


@pytest.mark.parametrize("member", ["", "a b", " a", "a\t"])
def test_a_member_that_would_be_read_as_others_is_refused_when_it_is_written(member):
    with pytest.raises(ConfigurationError, match=r"names: .* must not .* LARDER_NAMES"):
        Sample(table="t", days=1, names=("a", member)).to_env()


def test_all_that_is_missing_or_malformed_is_named_at_once():
    with pytest.raises(ConfigurationError) as raised:
        Sample.from_env({"LARDER_DAYS": "many", "LARDER_SHARE": "half"})
    assert str(raised.value) == (
        "LARDER_TABLE is not set; LARDER_DAYS is 'many', which is not a whole number; "
        "LARDER_SHARE is 'half', which is not a number"
    )
