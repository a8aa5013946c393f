"""Which version of its model a run works with, and whether it may score the source's records."""

from __future__ import annotations

from collections.abc import Iterator

from larder.errors import ResourceNotFound, ValidationError
from larder.groups.feature_group import FeatureDefinition, FeatureGroup
from larder.models.package_items import Approval, ModelPackage, PackageGroup
from larder.models.served import FeatureSpec, ServedModel, SourceKind
from larder.predictions.definition import Choice, ModelChoice, Prediction
from larder.predictions.ports import Packages


def chosen(prediction: Prediction, packages: Packages) -> ModelPackage:
    """The version that a run of now scores by.

    Raises:
        ResourceNotFound: there is no such group, alias or version; or none is approved.
        ValidationError: the version is not approved, or was not taken in.
    """
    model = prediction.model
    group = packages.group(model.group)
    if group is None:
        raise ResourceNotFound(
            f"model.group: {model.group!r} of prediction {prediction.name} is no model package "
            "group of this stage: register a model in it"
        )
    if model.choice is Choice.APPROVED:
        return _newest(prediction, packages.versions(group.name))
    number = model.version if model.choice is Choice.VERSION else _of_alias(model, group)
    found = packages.version(group.name, number)
    if found is None:
        raise ResourceNotFound(f"model.version: {number} is no version of {group.name}")
    _check_approved(prediction, found)
    return found


def served_by(prediction: Prediction, package: ModelPackage) -> ServedModel:
    """The model of a version, where it says which features it takes.

    Raises:
        ValidationError: it was not taken in, or has no feature specification.
    """
    served = package.served
    if served is None:
        raise ValidationError(
            f"model: version {package.name} of prediction {prediction.name} has no model that can "
            f"score: {package.failure or 'it has no inference specification'}"
        )
    if served.features is None:
        raise ValidationError(
            f"model: version {package.name} has no feature specification, so that nothing says "
            "which features are its columns: register it with a larder/features.json"
        )
    return served


def read_features(
    prediction: Prediction, group: FeatureGroup, spec: FeatureSpec
) -> tuple[FeatureDefinition, ...]:
    """The features that a run reads: identifier, event time, then the model's inputs.

    Raises:
        ValidationError: the model takes something else than features of that group.
    """
    wrong = list(_not_of(prediction, group, spec))
    if wrong:
        raise ValidationError("; ".join(wrong[:5]))
    names = [group.record_identifier_name, group.event_time_name]
    names += [each.feature for each in spec.inputs]
    return tuple(group.features[group.ordinals[each]] for each in dict.fromkeys(names))


def _not_of(prediction: Prediction, group: FeatureGroup, spec: FeatureSpec) -> Iterator[str]:
    told = f"of prediction {prediction.name}"
    for each in spec.inputs:
        if each.source is not SourceKind.FEATURE_GROUP:
            yield (
                f"source.group: input {each.name!r} of the model {told} comes with a request, "
                f"which a run has not: register a version that reads it from {group.name}"
            )
        elif each.group != group.name:
            yield (
                f"source.group: input {each.name!r} of the model {told} is of feature group "
                f"{each.group}, and not of {group.name}: have a pipeline bring it there"
            )
        elif each.group_uid != group.uid:
            yield (
                f"source.group: {group.name} was created again after the model {told} was "
                "registered: register a new version"
            )
        elif each.feature not in group.ordinals or each.feature in group.removed:
            yield f"source.group: {group.name} {told} has no feature {each.feature!r} any more"


def _of_alias(model: ModelChoice, group: PackageGroup) -> int:
    alias = group.aliases.get(model.alias)
    if alias is None:
        known = ", ".join(sorted(group.aliases)) or "none"
        raise ResourceNotFound(
            f"model.alias: {model.alias!r} is no alias of {group.name} (there are: {known}). "
            f"Set it: larder model alias {group.name} {model.alias} VERSION"
        )
    return alias.version


def _newest(prediction: Prediction, versions: Iterator[ModelPackage]) -> ModelPackage:
    approved = [each for each in versions if each.approval is Approval.APPROVED]
    if not approved:
        raise ResourceNotFound(
            f"model.approved: no version of {prediction.model.group} is approved: approve one by "
            "UpdateModelPackage, ModelApprovalStatus Approved"
        )
    return max(approved, key=lambda each: each.version)


def _check_approved(prediction: Prediction, package: ModelPackage) -> None:
    if package.approval is not Approval.APPROVED:
        raise ValidationError(
            f"model: version {package.name} of prediction {prediction.name} is "
            f"{package.approval}: approve it, or choose another one"
        )
