"""The steps of a job's work: plan it, score its tasks, join what was cut, and close it.

Every step may be called again, also while it runs: what is over stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from larder.errors import ResourceInUse, ServiceUnavailable
from larder.models.registry import Items
from larder.models.registry_items import Sent
from larder.transforms.errors import BadInput, Stopping
from larder.transforms.job import JobStatus, TransformJob
from larder.transforms.ports import Answers, Inputs, Notes, Outputs, Remaining
from larder.transforms.read_manifest import manifest_of
from larder.transforms.score import Scorer
from larder.transforms.shards import Found, Plan, Shard, output_names, planned
from larder.transforms.work import Work

_TRIES: Final = 5
_LOOK: Final = 5.0
"""Seconds after which it is asked again whether a job was stopped."""
PLAN: Final = "plan"
"""The piece whose failure is that of the whole job."""


@dataclass(frozen=True, slots=True)
class Stores:
    """Where the inputs, the outputs and the notes of jobs are."""

    inputs: Inputs
    outputs: Outputs
    notes: Notes


@dataclass(frozen=True, slots=True)
class Planned:
    """The addresses of a job's tasks and of what is joined, and how many tasks run at a time."""

    tasks: str
    joins: str
    concurrency: int


@dataclass(frozen=True, slots=True)
class JobRuns:
    """Does the steps of jobs.

    ``work_of`` reads a job's request, and ``answers_of`` opens its model. ``clock`` gives
    microseconds since the epoch. ``most`` is how many tasks of one job run at a time at most.
    """

    jobs: Items[TransformJob]
    stores: Stores
    work_of: Callable[[Sent], Work]
    answers_of: Callable[[TransformJob, Work], Answers]
    clock: Callable[[], int]
    most: int

    def plan(self, name: str, uid: str) -> Planned:
        """The plan of a job. It is made once: who asks again gets the same."""
        job = self._changed(name, uid, lambda job: job.begun(self.clock()))
        work, notes = self.work_of(job.sent), self.stores.notes
        kept = notes.plan(uid)
        if kept is None:
            notes.keep_plan(uid, self._planned(uid, work))
            kept = notes.plan(uid)
        if kept is None:
            raise ServiceUnavailable(f"The plan of job {name} was written and can't be read.")
        asked = work.concurrency * work.instances or self.most
        tasks, joins = notes.manifests(uid, kept)
        return Planned(tasks, joins, max(1, min(asked, self.most)))

    def score(self, name: str, uid: str, task: Sequence[Shard], remaining: Remaining) -> None:
        """Score the shards of a task; no more of them where somebody stopped the job.

        Raises:
            ServiceUnavailable, ThrottlingException: a store did not answer; try again.
        """
        job = self._job(name, uid)
        work = self.work_of(job.sent)
        watch = _Watch(lambda: self._job(name, uid).state is not JobStatus.IN_PROGRESS, self.clock)
        stores = self.stores
        scorer = Scorer(
            uid=uid,
            work=work,
            answers=self.answers_of(job, work),
            inputs=stores.inputs,
            outputs=stores.outputs,
            notes=stores.notes,
            watch=watch.check,
        )
        with suppress(Stopping):
            for shard in task:
                watch.check()
                scorer.score(shard, remaining)

    def join(self, uid: str, first: Shard) -> None:
        """Make the output of an object of which all shards are finished; else nothing."""
        notes = self.stores.notes
        if notes.is_over(uid, first.whole):
            return
        pieces = [f"{first.place:06}-{number:05}" for number in range(first.count)]
        if not notes.finished(uid, first.whole).issuperset(pieces):
            return
        self.stores.outputs.join(first.output, [notes.part(uid, each) for each in pieces])
        notes.done(uid, first.whole)

    def close(self, name: str, uid: str, broken: str | None = None) -> TransformJob:
        """End a job by what became of its pieces; ``broken`` is why its machine gave up."""
        reason = self._reason(uid, broken)
        return self._changed(name, uid, lambda job: job.over(reason, self.clock()))

    def _planned(self, uid: str, work: Work) -> Plan:
        try:
            found, names = self._found(work)
            return planned(work, found, names)
        except BadInput as error:
            self.stores.notes.fail(uid, PLAN, str(error))
            return Plan([])

    def _found(self, work: Work) -> tuple[list[Found], list[str]]:
        inputs = self.stores.inputs
        if work.listed:
            listed = manifest_of(inputs, work.source)
            return [inputs.one(address) for address, _ in listed], [name for _, name in listed]
        found = list(inputs.found(work.source))
        return found, output_names(work.source, [each.address for each in found])

    def _reason(self, uid: str, broken: str | None) -> str | None:
        notes = self.stores.notes
        failed = notes.failed(uid)
        if failed:
            return _first(failed)
        if broken:
            return f"InternalServerError: {broken}"
        plan = notes.plan(uid)
        lacking = _pieces(plan) - notes.finished(uid) if plan else {PLAN}
        if lacking:
            return (
                f"InternalServerError: {len(lacking)} pieces were not computed: the log of the "
                "function transforms says why. Start another job."
            )
        return None

    def _job(self, name: str, uid: str) -> TransformJob:
        job = self.jobs.get(name)
        if job is None or job.uid != uid:
            raise ResourceInUse(f"The transform job {name} of identity {uid} is gone.")
        return job

    def _changed(
        self, name: str, uid: str, change: Callable[[TransformJob], TransformJob]
    ) -> TransformJob:
        for attempt in range(1, _TRIES + 1):
            job = self._job(name, uid)
            changed = change(job)
            if changed is job:
                return job
            try:
                return self.jobs.replace(changed)
            except ResourceInUse:
                if attempt == _TRIES:
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")


@dataclass(slots=True)
class _Watch:
    """Asks from time to time whether a job was stopped."""

    ask: Callable[[], bool]
    clock: Callable[[], int]
    _stops: bool = False
    _asked: float = field(default=-_LOOK)

    def check(self) -> None:
        """Raises ``Stopping`` where it was."""
        now = self.clock() / 1_000_000
        if now - self._asked >= _LOOK:
            self._stops, self._asked = self.ask(), now
        if self._stops:
            raise Stopping("the job was stopped")


def _pieces(plan: Plan) -> set[str]:
    return {each.piece for each in plan.shards} | {each.whole for each in plan.joined}


def _first(failed: Mapping[str, str]) -> str:
    """The reason of the first object that failed, and how many there are."""
    objects = len({piece.partition("-")[0] for piece in failed})
    more = f" {objects - 1} further objects failed." if objects > 1 else ""
    return f"ClientError: {failed[min(failed)][:900]}{more}"
