"""What can be done with model packages: register, approve, describe, delete; and with their groups.

A version is under its group's grants. Read is the right to deploy it, and write to register one.
Admin is the right to approve, to change and to delete.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from larder.access.grants import Right
from larder.errors import (
    AccessForbidden,
    ConflictException,
    ResourceInUse,
    ResourceNotFound,
    ValidationError,
)
from larder.models.images import image_of, refuse_code
from larder.models.import_request import ImportRequest
from larder.models.manage_items import ManagedItems
from larder.models.package_items import Approval, ModelPackage, PackageGroup
from larder.models.package_rules import check_unspecified, no_group, serves, with_additional
from larder.models.package_specs import PackageSpec, PackageUpdate, Specified
from larder.models.registry import Importer, ModelRegistry
from larder.models.registry_items import Kind
from larder.models.served import ServedModel
from larder.telemetry.newer import refuse as refuse_newer

_LONGEST_REASON = 1024
MAX_METADATA = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Packages:
    """The packages of a platform, for a caller.

    ``two_persons`` asks for another approver than the author of the package. ``clock`` gives
    microseconds since the epoch; ``new_uid`` a text that was never given before.
    """

    items: ManagedItems[ModelPackage]
    groups: ManagedItems[PackageGroup]
    registry: ModelRegistry
    importer: Importer
    clock: Callable[[], int]
    new_uid: Callable[[], str]
    two_persons: bool = False

    def create(self, spec: PackageSpec) -> ModelPackage:
        """Register a package and take in its artefact; if that can't be served it has Failed.

        Raises:
            ValidationError: the group does not exist, the name is taken, or a tag is refused.
            ConflictException: the ClientToken came with another request before.
            AccessForbidden: the caller may not register or approve here, or not read a feature
                group.
            ServiceUnavailable: the import did not end.
        """
        if found := self._repeated(spec):
            return found
        group = self._group_of(spec)
        if group is None:
            self.items.check_new(spec.name, spec.tags)
        elif spec.tags:
            raise ValidationError("Tags: a version has the tags of its group; tag the group.")
        self._check_approver(spec.approval, {self.items.journal.by})
        return self._stored(self._new(spec, group), spec)

    def update(self, name: str, update: PackageUpdate) -> ModelPackage:
        """Approve, reject or annotate a package; its artefact never changes.

        Raises:
            ValidationError: it does not exist, or the change is refused.
            AccessForbidden: the caller may not, or may not approve a package of its own.
            ServiceUnavailable: the import of a first InferenceSpecification did not end.
        """
        package = self.items.get(name, Right.ADMIN)
        served, failure, image = None, None, ""
        if update.specified:
            check_unspecified(package)
            image = update.specified.image
            served, failure = self._imported(update.specified, package.name, package.uid)

        def change(now: ModelPackage) -> ModelPackage:
            changed = self._annotated(now, update)
            if not update.specified:
                return now if changed == now else changed
            check_unspecified(now)
            by = self.items.journal.by
            return replace(changed, served=served, failure=failure, image=image, specified_by=by)

        return self.items.change(name, change)

    def delete(self, name: str) -> ModelPackage:
        """Remove a package; its version is never given again.

        Raises:
            ValidationError: it does not exist.
            ConflictException: an endpoint serves it, or an alias of its group is of it.
            NewerFormat: there is an endpoint of which this release can't tell what it serves.
        """
        package = self.items.get(name, Right.ADMIN)
        arn = self.items.arn(package.name)
        serving = [
            each.name
            for each in self.registry.endpoints.list(unread=refuse_newer)
            if serves(each, arn)
        ]
        if serving:
            raise ConflictException(
                f"ModelPackage {arn} is served by the endpoints {', '.join(serving[:10])}: delete "
                "them, or move them to a configuration with another model."
            )
        group = self.registry.groups.get(package.group) if package.group else None
        aliases = group.aliases.items() if group else ()
        if named := [each for each, alias in aliases if alias.version == package.version]:
            raise ConflictException(
                f"ModelPackage {arn} is the {', '.join(named)} of its group: move the alias first."
            )
        return self.items.delete(name)

    def deployable(self, name: str) -> ModelPackage:
        """A package that a model may be made of.

        Raises:
            ValidationError: it does not exist, has no artefact that can be served, or is not
                approved.
            AccessForbidden: the caller may not deploy it.
        """
        package = self.items.get(name, Right.READ)
        arn = self.items.arn(package.name)
        if package.approval not in (None, Approval.APPROVED):
            raise ValidationError(
                f"ModelPackage {arn} is not approved: it is {package.approval}. Approve it by "
                "UpdateModelPackage, ModelApprovalStatus Approved."
            )
        if package.served is None:
            why = package.failure or "it has no InferenceSpecification; add one."
            raise ValidationError(f"ModelPackage {arn} can't be served: {why}")
        return package

    def _new(self, spec: PackageSpec, group: PackageGroup | None) -> ModelPackage:
        """The package, whose artefact has been taken in."""
        by, uid = self.items.journal.by, self.new_uid()
        served, failure = self._imported(spec.specified, spec.group or spec.name, uid)
        version = self.registry.versions.next(group.name) if group else 0
        now = self.clock()
        return ModelPackage(
            name=f"{group.name}/{version}" if group else spec.name,
            uid=uid,
            created=now,
            tags=spec.tags,
            sent=spec.sent,
            created_by=by,
            changed=now,
            changed_by=by,
            group=group.name if group else "",
            version=version,
            approval=spec.approval or (Approval.PENDING if group else None),
            metadata=spec.metadata,
            lifecycle=spec.lifecycle,
            image=spec.specified.image if spec.specified else "",
            served=served,
            failure=failure,
            specified_by=by if spec.specified else "",
            token=spec.token,
            digest=spec.digest,
        )

    def _repeated(self, spec: PackageSpec) -> ModelPackage | None:
        name = self.registry.versions.by_token(spec.token) if spec.token else None
        found = self.registry.packages.get(name) if name else None
        if found is None:
            return None
        if (found.digest, found.created_by) != (spec.digest, self.items.journal.by):
            raise ConflictException(
                "ClientToken was sent with another request before: send that one again, or give "
                "this one a token of its own."
            )
        return found

    def _group_of(self, spec: PackageSpec) -> PackageGroup | None:
        if not spec.group:
            return None
        group = self.groups.items.get(spec.group)
        self.groups.access.check(Right.WRITE, spec.group, group, kind=Kind.PACKAGE_GROUP.words)
        if group is None or group.deleting:
            raise no_group(self.groups.arn(spec.group))
        return group

    def _stored(self, package: ModelPackage, spec: PackageSpec) -> ModelPackage:
        if not package.group:
            self.items.access.check_hold(package, kind=Kind.PACKAGE.words)
        entries = self.items.journal.entries(None, package)
        try:
            self.registry.packages.create(package, entries)
        except ResourceInUse as error:
            if found := self._repeated(spec):
                return found
            taken = self.items.items.kind.taken(self.items.arn(package.name))
            raise ValidationError(taken) from error
        group = self.registry.groups.get(package.group) if package.group else None
        if package.group and (group is None or group.deleting):
            # deleted meanwhile: what deletes a group marks it before it looks for versions
            self.registry.packages.remove(package, self.items.journal.entries(package, None))
            raise no_group(self.groups.arn(package.group))
        return package

    def _imported(
        self, given: Specified | None, name: str, uid: str
    ) -> tuple[ServedModel | None, str | None]:
        if given is None:
            return None, None
        try:
            refuse_code(given.environment)
            request = ImportRequest(
                name=name,
                uid=uid,
                image=image_of(given.image),
                source=given.source,
                caller=self.items.access.caller,
                environment=given.environment,
            )
            return self.importer(request), None
        except (ValidationError, ResourceNotFound) as error:
            return None, str(error)[:_LONGEST_REASON]

    def _annotated(self, now: ModelPackage, update: PackageUpdate) -> ModelPackage:
        self._check_approver(update.approval, {now.created_by, now.specified_by})
        kept = {key: value for key, value in now.metadata.items() if key not in update.removed}
        metadata = {**kept, **update.metadata}
        if len(metadata) > MAX_METADATA:
            raise ValidationError(
                f"CustomerMetadataProperties would have {len(metadata)} entries: {MAX_METADATA} "
                "are allowed. Remove some by CustomerMetadataPropertiesToRemove."
            )
        said = update.reason if update.approval or update.reason is not None else now.reason
        return replace(
            now,
            approval=update.approval or now.approval,
            reason=said,
            metadata=metadata,
            lifecycle=now.lifecycle if update.lifecycle is None else update.lifecycle,
            sent={**now.sent, **update.sent, **with_additional(now, update)},
        )

    def _check_approver(self, approval: Approval | None, authors: set[str]) -> None:
        by = self.items.journal.by
        if self.two_persons and approval is Approval.APPROVED and by in authors:
            raise AccessForbidden(
                f"{by} made this model package, and this stage asks for another one to approve it: "
                "register it as PendingManualApproval and ask a second person."
            )
