"""Model packages for tests: stored ones, and the requests that make them."""

from larder.models.package_items import Approval, ModelPackage, PackageGroup
from larder.models.package_log import Change, LogEntry
from tests.support.model_registry import ARTEFACT, IMAGE, served_model

START = 1_700_000_000_123_456
ANN = "arn:aws:iam::123456789012:user/ann"
BOB = "arn:aws:iam::123456789012:user/bob"
SPECIFICATION = {"Containers": [{"Image": IMAGE, "ModelDataUrl": ARTEFACT}]}


def package_group(name, **changes):
    values = {
        "name": name,
        "uid": f"u-{name}",
        "created": START,
        "tags": (("larder:read:a", "=2A"), ("larder:alias:champion", "2: it won")),
        "sent": {"ModelPackageGroupDescription": "é"},
        "created_by": ANN,
        "changed": START + 1,
        "changed_by": BOB,
        "policy": "{}",
        "deleting": True,
    }
    return PackageGroup(**values | changes)


def model_package(name, **changes):
    group, _, version = name.partition("/")
    values = {
        "name": name,
        "uid": f"u-{name}",
        "created": START,
        "sent": {"InferenceSpecification": SPECIFICATION, "Domain": "ü"},
        "created_by": ANN,
        "changed": START + 1,
        "changed_by": BOB,
        "group": group if version else "",
        "version": int(version or 0),
        "approval": Approval.APPROVED,
        "reason": "it is good",
        "metadata": {"team": "risk"},
        "lifecycle": {"Stage": "Test", "StageStatus": "InProgress"},
        "image": IMAGE,
        "served": served_model(name),
        "specified_by": ANN,
        "token": f"token-{name.replace('/', '-').lower()}",
        "digest": "cd" * 32,
    }
    return ModelPackage(**values | changes)


def entry(log="group/churn", at=START, version=1, revision=1, **changes):
    change = Change("approval", "PendingManualApproval", "Approved", "é")
    values = {"by": ANN, "changes": (change,)}
    return LogEntry(log=log, at=at, version=version, revision=revision, **values | changes)
