"""What can be done with transform jobs: create, describe, list, stop, and their tags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from larder.access.grants import Right
from larder.access.rules import Access
from larder.errors import LarderError, ResourceInUse, ValidationError
from larder.models.catalog import ModelCatalog
from larder.models.manage_endpoint_configs import key_problems
from larder.models.manage_items import ManagedItems
from larder.models.registry import Items
from larder.models.registry_items import Sent, Tags
from larder.models.served import ServedModel
from larder.problems import Path, Problem, refuse, shown
from larder.transforms.job import JobStatus, TransformJob
from larder.transforms.ports import JobMachine
from larder.transforms.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """A job that is asked for; ``sent`` is what a description shows again.

    ``keys`` are the encryption keys that it names, each with its place in the request.
    """

    name: str
    model: str
    work: Work
    sent: Sent
    keys: tuple[tuple[Path, str], ...] = ()
    tags: Tags = ()


@dataclass(frozen=True, slots=True)
class ManagedJobs(ManagedItems[TransformJob]):
    """Transform jobs, for a caller; of them SageMaker says ResourceInUse for a taken name."""

    def _taken(self, name: str) -> LarderError:
        return ResourceInUse(self.items.kind.taken(self.arn(name)))


@dataclass(frozen=True, slots=True)
class TransformJobs:
    """The transform jobs of a platform.

    ``places`` are the addresses that jobs may read and write below, each ending in a slash.
    """

    store: Items[TransformJob]
    models: ModelCatalog
    machine: JobMachine
    places: tuple[str, ...]

    def of_caller(self, access: Access) -> TransformJobs:
        """The same for a caller."""
        return replace(self, models=self.models.of_caller(access))

    @property
    def items(self) -> ManagedJobs:
        """The jobs as items of the registry."""
        models = self.models.models.items
        return ManagedJobs(self.store, models.home, models.journal, models.access)

    def create(self, spec: JobSpec) -> TransformJob:
        """Register a job and begin with it.

        Raises:
            ResourceInUse: the name is taken.
            ValidationError: the model is absent, or a place or key is not the platform's.
            AccessForbidden: the caller may not create jobs, or not serve the model.
            ServiceUnavailable, ThrottlingException: the job was not begun, and is not registered.
        """
        self.items.check_new(spec.name, spec.tags)
        refuse((*_place_problems(spec.work, self.places), *self._key_problems(spec)))
        model = self.models.models.items.get(spec.model, Right.READ)
        job = self.items.create(self._registered(spec, model.served))
        try:
            self.machine.start(job.name, job.uid)
        except LarderError:
            self.store.remove(job)  # nothing was done for it, and its name is free again
            raise
        return job

    def _registered(self, spec: JobSpec, model: ServedModel) -> TransformJob:
        now = self.models.clock()
        return TransformJob(
            name=spec.name,
            uid=self.models.new_uid(),
            created=now,
            changed=now,
            tags=spec.tags,
            sent=spec.sent,
            model=model,
            state=JobStatus.IN_PROGRESS,
        )

    def stop(self, name: str) -> TransformJob:
        """Have a job come to an end; a job that is stopping goes on to.

        Raises:
            ValidationError: there is no such job, or it is over.
        """

        def stopping(job: TransformJob) -> TransformJob:
            if job.state.is_over:
                raise ValidationError(
                    f"The request was rejected because the transform job is in status {job.state}."
                )
            return job if job.state is JobStatus.STOPPING else job.stopping(self.models.clock())

        return self.items.change(name, stopping)

    def _key_problems(self, spec: JobSpec) -> Iterator[Problem]:
        for path, key in spec.keys:
            yield from key_problems(self.models.kms_key_arn, key, path)


def _place_problems(work: Work, places: tuple[str, ...]) -> Iterator[Problem]:
    source = ("TransformInput", "DataSource", "S3DataSource", "S3Uri")
    target = ("TransformOutput", "S3OutputPath")
    text = (
        f"Member must lie below one of [{', '.join(places)}], where transform jobs read and write: "
        "name such an address, or add its bucket to models.transform_buckets of the stage"
    )
    if not work.source.startswith(places):
        yield Problem(source, text, shown(work.source))
    if not f"{work.output.rstrip('/')}/".startswith(places):
        yield Problem(target, text, shown(work.output))
