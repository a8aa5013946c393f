"""The rows of the checklists; ``checklist.yaml`` and ``checklist_models.yaml`` hold them."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

_FILES = [Path(__file__).with_name(f"checklist{name}.yaml") for name in ("", "_models")]
_MODELS_FROM = 201


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that a feature store, or an endpoint with its models, is expected to do.

    ``level``: M must match AWS, S should, B is better than AWS, O optional. ``unknown``: AWS's own
    behaviour is not documented. ``choice`` is what Larder does where that needs words,
    ``deviation`` where it is not what AWS documents. ``later``
    and ``missing`` say why nothing is claimed. ``larder_only`` rows say nothing about SageMaker.
    ``in_process`` are tests that show what no endpoint does on demand.
    """

    row: int
    area: str
    level: str
    expect: str
    unknown: bool = False
    choice: str = ""
    deviation: str = ""
    later: str = ""
    missing: str = ""
    larder_only: bool = False
    in_process: tuple[str, ...] = ()

    @property
    def is_of_models(self) -> bool:
        """Whether it is about models and endpoints, and not about Feature Store."""
        return self.row >= _MODELS_FROM

    @property
    def is_larders(self) -> bool:
        """Whether asking SageMaker itself would make no sense."""
        return self.larder_only or self.level == "B"


@cache
def rows() -> dict[int, Row]:
    """All rows by number."""
    entries = [each for file in _FILES for each in yaml.safe_load(file.read_text(encoding="utf-8"))]
    loaded = [Row(**{**each, "in_process": tuple(each.get("in_process", ()))}) for each in entries]
    return {row.row: row for row in loaded}
