"""Baselines that people give as documents in S3, as SageMaker's members name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from larder.errors import ValidationError
from larder.models.package_items import ModelPackage
from larder.monitoring.constraints import Constraints
from larder.monitoring.documents import constraints_from, statistics_from
from larder.monitoring.ports import Documents
from larder.monitoring.statistics import Statistics

DRIFT_CHECK: Final = "DriftCheckBaselines"
METRICS: Final = "ModelMetrics"
DATA_QUALITY: Final = "ModelDataQuality"


@dataclass(frozen=True, slots=True)
class Given:
    """Where a baseline's documents lie; empty where none was named. ``member`` names them."""

    member: str
    statistics: str = ""
    constraints: str = ""

    def read(self, documents: Documents) -> tuple[Statistics | None, Constraints | None]:
        """The documents; ``None`` for one that was not named.

        Raises:
            ValidationError: one does not exist, lies where monitoring may not read, or is no such
                document.
        """
        statistics = self._body(documents, "Statistics", self.statistics)
        constraints = self._body(documents, "Constraints", self.constraints)
        return (
            None if statistics is None else statistics_from(statistics),
            None if constraints is None else constraints_from(constraints),
        )

    def _body(self, documents: Documents, name: str, address: str) -> bytes | None:
        if not address:
            return None
        body = documents.given(address)
        if body is None:
            raise ValidationError(
                f"{name} {address} does not exist. Put the document there, or name another one."
            )
        return body


def given_by(package: ModelPackage, member: str) -> Given | None:
    """The documents that a package names in ``DriftCheckBaselines`` or ``ModelMetrics``."""
    path = f"{member}.{DATA_QUALITY}"
    named = _members(_members(package.sent.get(member)).get(DATA_QUALITY))
    statistics, constraints = (_address(named.get(each)) for each in ("Statistics", "Constraints"))
    return Given(path, statistics, constraints) if statistics or constraints else None


def _members(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _address(resource: object) -> str:
    return str(_members(resource).get("S3Uri") or "")
