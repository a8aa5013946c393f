"""The steps of a run. Each may be stopped anywhere and begun again, and comes to the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any, Final

import orjson

from larder.errors import ConflictException, ResourceInUse, ResourceNotFound, ValidationError
from larder.progress import silent
from larder.training_sets.build import TrainingSets
from larder.training_sets.manifest import Manifest
from larder.training_sets.ports import SqlLabels
from larder.training_sets.spec import GroupFeatures, TrainingSetSpec
from larder.trainings.asked import Asked
from larder.trainings.compare import CompareTask
from larder.trainings.definition import CHAMPION, Rule, StepKind, Training
from larder.trainings.folders import Folders
from larder.trainings.given import (
    arguments_of,
    event_of,
    features_of,
    package_request,
    set_columns,
)
from larder.trainings.ports import Bucket, Parts, Published, Registry, SetParts
from larder.trainings.runs import (
    LEASE,
    Outcome,
    RunState,
    TrainingLedger,
    TrainingRun,
    Trigger,
    run_id,
)

_LONGEST_TEXT: Final = 1024
"""Of an ApprovalDescription."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingWork:
    """The trainings of a platform; ``clock`` gives microseconds since the epoch."""

    trainings: Callable[[], Mapping[str, Training]]
    ledger: TrainingLedger
    sets: TrainingSets
    parts: SetParts
    bucket: Bucket
    registry: Registry
    published: Published
    bucket_name: str
    clock: Callable[[], int]

    def plan(self, asked: Asked, owner: str) -> TrainingRun | None:
        """The run that the execution has now; ``None`` where there is nothing to do.

        A run that was broken off is gone on with, once its lease has ended or by its own
        execution. So there is one run of a training at a time.

        Raises:
            ResourceNotFound: there is no such training.
        """
        training, now = self.training(asked.training), self.clock()
        before = self.ledger.newest(training.name)
        if before is not None and before.state is RunState.RUNNING:
            if before.owner != owner and before.lease_until >= now:
                return None
            run = replace(before, attempts=before.attempts + (before.owner != owner), owner=owner)
        else:
            found = self._new_run(training, asked.trigger, before, owner)
            if found is None:
                return None
            run = found
        return self._stored(run)

    def build(self, run: TrainingRun) -> dict[str, Any]:
        """What the training step is to be given, once its rows lie there.

        Raises:
            LarderError: the set can't be built or split, or the group of packages is not there.
        """
        training = self.training(run.training)
        self._check_group(training)
        manifest = self._set(training, run)
        folders = Folders.of(self.bucket_name, run)
        parts = self._split(training, manifest, folders)
        digest = hashlib.sha256(manifest.to_json()).hexdigest()
        run = self._noted(
            run,
            lease=training.step.timeout + LEASE,
            training_set=manifest.name,
            manifest_sha256=digest,
        )
        event, is_job = event_of(training, run, manifest, folders, parts), False
        if training.step.kind is StepKind.JOB:
            is_job, event = True, {**event, "arguments": arguments_of(event)}
        return {
            "trained": run.trained,
            "is_job": is_job,
            "name": training.step.name,
            "event": event,
        }

    def register(self, run: TrainingRun) -> CompareTask:
        """Register what the training step wrote, once; what is to be compared.

        Raises:
            ValidationError: the step wrote no archive, or one that can't be served.
            LarderError: the registry refused.
        """
        training, folders = self.training(run.training), Folders.of(self.bucket_name, run)
        run = self._trained(run, folders)
        if not run.package:
            champion = self._champion(training)
            has_metrics = self.bucket.digest(folders.metrics) is not None
            request = package_request(training, run, folders, has_metrics=has_metrics)
            run = self._noted(run, package=self.registry.create(request), champion=champion)
        package = self.registry.version(run.package)
        if package is None or package.failure:
            why = package.failure if package else "somebody deleted it"
            raise ValidationError(f"model package {run.package} can't be served: {why}")
        manifest = self.sets.get(run.training_set)
        return CompareTask(
            candidate=run.package,
            champion=run.champion,
            rows=folders.held_out,
            report=folders.report,
            target=training.target,
            metric=training.comparison.metric,
            margin=training.comparison.margin,
            columns=set_columns(manifest),
            features=features_of(manifest),
        )

    def decide(self, run: TrainingRun, *, better: bool, told: str) -> Outcome:
        """Approve the candidate where it may be, and write the numbers down with it.

        A candidate that a person approved or rejected meanwhile is left as it is.
        """
        training = self.training(run.training)
        folders = Folders.of(self.bucket_name, run)
        approves = better and training.rule is Rule.WHEN_BETTER
        outcome = Outcome.APPROVED if approves else Outcome.PENDING
        reason = f"training {training.name}, run {run.id}: {told}"[:_LONGEST_TEXT]
        package = self.registry.version(run.package)
        if package is not None and package.approval == "PendingManualApproval":
            status = {"ModelApprovalStatus": "Approved"} if approves else {}
            self.registry.update(run.package, {**status, "ApprovalDescription": reason})
        self._noted(run, outcome=outcome, reason=reason, report=folders.report)
        return outcome

    def close(self, run: TrainingRun) -> TrainingRun:
        """Note that the run is done."""
        return self._ended(run, RunState.DONE, "")

    def fail(self, run: TrainingRun, cause: str) -> TrainingRun:
        """Note that the run failed, and why."""
        return self._ended(run, RunState.FAILED, cause)

    def training(self, name: str) -> Training:
        """The training of that name.

        Raises:
            ResourceNotFound: this deployment has none.
        """
        known = self.trainings()
        if name not in known:
            told = ", ".join(sorted(known)) or "none"
            raise ResourceNotFound(
                f"training: {name[:80]!r} is not deployed; there are: {told}. Add "
                f"trainings/{name[:80]}.yaml and deploy"
            )
        return known[name]

    def held(self, name: str, run: str, owner: str) -> TrainingRun:
        """The run, as it is stored, where the execution has it.

        Raises:
            ConflictException: another execution has gone on with it, or it has ended.
        """
        found = self.ledger.newest(name)
        if found is None or (found.id, found.owner, found.state) != (run, owner, RunState.RUNNING):
            raise ConflictException(
                f"run {run} of training {name} is another execution's now, or has ended: its "
                "lease ran out. larder train status shows what became of it"
            )
        return found

    def _new_run(
        self, training: Training, trigger: Trigger, before: TrainingRun | None, owner: str
    ) -> TrainingRun | None:
        """A run after the one before; ``None`` where nothing new was published for it."""
        now = self.clock()
        read = {each: self.published.until(each) for each in training.triggers.new_data}
        if before is not None:
            is_idle = trigger is Trigger.NEW_DATA and before.read == read
            if is_idle or before.id == run_id(now):  # or a second one in the same second
                return None
            self.ledger.keep(before)
        return TrainingRun(
            training=training.name,
            id=run_id(now),
            version=before.version if before else 0,
            state=RunState.RUNNING,
            trigger=trigger,
            owner=owner,
            lease_until=0,
            started=now,
            changed=now,
            read=read,
        )

    def _set(self, training: Training, run: TrainingRun) -> Manifest:
        """The run's set: that of an earlier attempt, or a new one."""
        try:
            return self.sets.get(run.set_name)
        except ResourceNotFound:
            pass
        groups = [
            GroupFeatures(
                group=each.group,
                features=each.features,
                key=each.key,
                look_back=_length(each.look_back),
                prefix=each.prefix,
            )
            for each in training.groups
        ]
        spec = TrainingSetSpec(
            name=run.set_name,
            event_time=training.event_time,
            groups=tuple(groups),
            time_zone=training.time_zone,
        )
        try:
            return self.sets.create(spec, SqlLabels(training.labels.sql), silent)
        except ResourceInUse:  # a step that was thought dead has made it
            return self.sets.get(run.set_name)

    def _split(self, training: Training, manifest: Manifest, folders: Folders) -> Parts:
        document = self.bucket.read(folders.parts)
        if document is not None:
            return Parts(**orjson.loads(document))
        names = {each.name for each in manifest.columns}
        if training.target not in names:
            raise ValidationError(
                f"target: the labels have no column {training.target!r}; the set has "
                f"{', '.join(sorted(names)[:30])}"
            )
        share = training.comparison.held_out
        parts = self.parts.split(manifest, share, folders.rows, folders.held_out)
        self.bucket.write(folders.parts, orjson.dumps(asdict(parts)))
        return parts

    def _trained(self, run: TrainingRun, folders: Folders) -> TrainingRun:
        if run.trained:
            return run
        if self.bucket.digest(folders.archive) is None:
            raise ValidationError(
                f"the training step ended and wrote no {folders.archive}: have it write the "
                "model's archive to the address `output` of its event"
            )
        return self._noted(run, trained=True)

    def _check_group(self, training: Training) -> None:
        if self.registry.group(training.model.group) is None:
            raise ResourceNotFound(
                f"model.group: {training.model.group!r} is no model package group of this stage: "
                "make it by CreateModelPackageGroup"
            )

    def _champion(self, training: Training) -> str:
        """The version that the alias ``champion`` is of, or else the newest approved one."""
        group = self.registry.group(training.model.group)
        alias = group.aliases.get(CHAMPION) if group else None
        if alias is not None:
            return f"{training.model.group}/{alias.version}"
        return self.registry.newest_approved(training.model.group)

    def _noted(self, run: TrainingRun, *, lease: int = LEASE, **changes: Any) -> TrainingRun:  # noqa: ANN401 - members of a run
        changed = replace(run, **changes)
        found = self._stored(changed, lease)
        if found is None:
            raise ConflictException(
                f"run {run.id} of training {run.training} was changed by somebody else meanwhile"
            )
        return found

    def _stored(self, run: TrainingRun, lease: int = LEASE) -> TrainingRun | None:
        now = self.clock()
        run = replace(run, version=run.version + 1, changed=now, lease_until=now + lease)
        return run if self.ledger.put(run) else None

    def _ended(self, run: TrainingRun, state: RunState, cause: str) -> TrainingRun:
        return self._noted(run, lease=0, state=state, cause=cause[:_LONGEST_TEXT])


def _length(micros: int | None) -> timedelta | None:
    return None if micros is None else timedelta(microseconds=micros)
