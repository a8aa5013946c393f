"""Rules of model packages: what never changes, and what is in use."""

from __future__ import annotations

from larder.errors import ValidationError
from larder.models.package_items import Approval, ModelPackage
from larder.models.package_specs import PackageUpdate
from larder.models.registry_items import Endpoint, Sent

_ADDITIONAL = "AdditionalInferenceSpecifications"


def with_additional(now: ModelPackage, update: PackageUpdate) -> Sent:
    """The additional specifications with those of an update, if it has any."""
    if not update.additional:
        return {}
    before = now.sent.get(_ADDITIONAL, [])
    assert isinstance(before, list)  # noqa: S101 (our own document)
    added = [each for each in update.additional if each not in before]
    return {_ADDITIONAL: [*before, *added]}


def check_unspecified(package: ModelPackage) -> None:
    """Nothing where a package may be given its first InferenceSpecification.

    Raises:
        ValidationError: it has one, or was approved without one.
    """
    if "InferenceSpecification" in package.sent:
        raise ValidationError(
            f"InferenceSpecification: that of ModelPackage {package.name} never changes; register "
            "a new version."
        )
    if package.approval is Approval.APPROVED:
        raise ValidationError(
            f"InferenceSpecification: ModelPackage {package.name} was approved without one; set it "
            "to PendingManualApproval first, and approve it again afterwards."
        )


def no_group(arn: str) -> ValidationError:
    """The error of a version of no group; SDKs read its beginning."""
    return ValidationError(f"Model Package Group does not exist. Create {arn} first.")


def serves(endpoint: Endpoint, package_arn: str) -> bool:
    """Whether an endpoint has a variant or a shadow of a package."""
    served = endpoint.served
    fleets = (served.blue, served.green) if served.green else (served.blue,)
    return any(
        variant.model.package_arn == package_arn
        for fleet in fleets
        for variant in (*fleet.variants, *fleet.shadows)
    )
