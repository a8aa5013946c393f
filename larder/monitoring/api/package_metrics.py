"""DescribeModelPackage, with the baseline that Larder made where the package names none."""

from __future__ import annotations

from typing import Any

from larder.monitoring.baselines import current_baseline, package_subject
from larder.monitoring.documents import CONSTRAINTS, STATISTICS
from larder.monitoring.given import DATA_QUALITY, DRIFT_CHECK, METRICS
from larder.monitoring.ports import Documents
from larder.wire.json_rpc import Answer, Members, Operation

_CONTENT_TYPE = "application/json"


def describing(describe: Operation, documents: Documents) -> Operation:
    """The operation whose answer refers to the baseline that counts for the package."""

    def described(members: Members) -> Answer:
        answer = describe(members)
        if answer is None or not _lacking(answer):
            return answer
        name = str(answer["ModelPackageArn"]).partition(":model-package/")[2]
        baseline = current_baseline(documents, package_subject(name))
        if baseline is None:
            return answer
        quality = {
            member: _resource(documents.address(f"{baseline.folder()}{file}"))
            for member, file in (("Statistics", STATISTICS), ("Constraints", CONSTRAINTS))
        }
        own = {
            member: {**answer.get(member, {}), DATA_QUALITY: quality} for member in _lacking(answer)
        }
        return {**answer, **own}

    return described


def _lacking(answer: dict[str, Any]) -> list[str]:
    """The members that name no data quality of their own."""
    return [each for each in (METRICS, DRIFT_CHECK) if DATA_QUALITY not in answer.get(each, {})]


def _resource(address: str) -> dict[str, str]:
    return {"ContentType": _CONTENT_TYPE, "S3Uri": address}
