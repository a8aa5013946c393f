"""What can be done with schedules of monitoring and with the job definitions that they name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

from larder.access.grants import Right
from larder.access.rules import Access
from larder.errors import LarderError, ResourceInUse, ResourceNotFound, ValidationError
from larder.models.catalog import ModelCatalog
from larder.models.manage_items import ManagedItems
from larder.models.registry_items import Item, Sent, Tags
from larder.monitoring.given import Given
from larder.monitoring.kept_runs import KeptRuns
from larder.monitoring.places import check_place, output_places
from larder.monitoring.ports import Documents
from larder.monitoring.schedule import JobDefinition, MonitoringSchedule, ScheduleState, Timing
from larder.monitoring.watches import Watches
from larder.monitoring.window import Cadence

Entry = TypeVar("Entry", bound=Item)


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionSpec:
    """A job definition that is asked for; ``sent`` is what a description shows again."""

    name: str
    endpoint: str
    given: Given
    output: str
    sent: Sent
    tags: Tags = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSpec:
    """A schedule that is asked for, likewise."""

    name: str
    definition: str
    timing: Timing
    sent: Sent
    tags: Tags = ()


@dataclass(frozen=True, slots=True)
class ManagedWatches(ManagedItems[Entry]):
    """Items of monitoring, for a caller; of them SageMaker has errors of their own."""

    def _absent(self, name: str) -> LarderError:
        return ResourceNotFound(self.items.kind.absent(self.arn(name)))

    def _taken(self, name: str) -> LarderError:
        return ResourceInUse(self.items.kind.taken(self.arn(name)))


@dataclass(frozen=True, slots=True)
class Monitoring:
    """The schedules of a platform, their job definitions and what their runs found.

    ``places`` are the addresses below which people's documents lie, each ending in a slash.
    """

    watches: Watches
    models: ModelCatalog
    documents: Documents
    places: tuple[str, ...]

    def of_caller(self, access: Access) -> Monitoring:
        """The same for a caller."""
        return replace(self, models=self.models.of_caller(access))

    @property
    def runs(self) -> KeptRuns:
        """What runs found."""
        return KeptRuns(self.documents)

    @property
    def definitions(self) -> ManagedWatches[JobDefinition]:
        """The job definitions as items of the registry."""
        models = self.models.models.items
        store = self.watches.definitions
        return ManagedWatches(store, models.home, models.journal, models.access)

    @property
    def schedules(self) -> ManagedWatches[MonitoringSchedule]:
        """The schedules as items of the registry."""
        models = self.models.models.items
        store = self.watches.schedules
        return ManagedWatches(store, models.home, models.journal, models.access)

    def define(self, spec: DefinitionSpec) -> JobDefinition:
        """Register a job definition, whose baseline is read once to see that it can be used.

        Raises:
            ResourceInUse: the name is taken.
            ValidationError: a document or the output is outside the places, absent or unreadable.
            AccessForbidden: the caller may not create definitions.
        """
        self.definitions.check_new(spec.name, spec.tags)
        check_place(f"{spec.output.rstrip('/')}/", output_places(self.places))
        spec.given.read(self.documents)
        return self.definitions.create(
            JobDefinition(
                name=spec.name,
                uid=self.models.new_uid(),
                created=self.models.clock(),
                tags=spec.tags,
                sent=spec.sent,
                endpoint=spec.endpoint,
                given=spec.given,
                output=spec.output,
            )
        )

    def undefine(self, name: str) -> JobDefinition:
        """Remove a job definition.

        Raises:
            ResourceNotFound: it does not exist.
            ValidationError: a schedule names it.
        """
        self.definitions.get(name, Right.ADMIN)
        using = [
            each.name
            for each in self.watches.schedules.list()
            if each.definition.lower() == name.lower()
        ]
        if using:
            raise ValidationError(
                f"JobDefinitionName: {name} is named by the monitoring schedules "
                f"{', '.join(using[:10])}: delete them, or update them to another definition."
            )
        return self.definitions.delete(name)

    def schedule(self, spec: ScheduleSpec) -> MonitoringSchedule:
        """Register a schedule, which has the windows that end from now on.

        Raises:
            ResourceInUse: the name is taken, or the endpoint has a schedule of the cadence.
            ResourceNotFound: there is no such job definition.
            ValidationError: there is no such endpoint.
            AccessForbidden: the caller may not create schedules, or not change the endpoint.
        """
        self.schedules.check_new(spec.name, spec.tags)
        made = self._configured(spec)
        return self.schedules.create(
            MonitoringSchedule(
                name=spec.name,
                uid=self.models.new_uid(),
                created=made["since"],
                tags=spec.tags,
                **made,
            )
        )

    def reschedule(self, spec: ScheduleSpec) -> MonitoringSchedule:
        """Give a schedule another configuration, by which windows that end from now on are judged.

        Raises as ``schedule``, and ``ResourceNotFound`` where there is no such schedule.
        """
        self.schedules.get(spec.name, Right.ADMIN)
        made = self._configured(spec)
        return self.schedules.change(spec.name, lambda found: replace(found, **made))

    def start(self, name: str) -> MonitoringSchedule:
        """Have a schedule go on; one of a single window has that window again, as of now.

        Raises:
            ResourceNotFound: it does not exist.
        """

        def started(found: MonitoringSchedule) -> MonitoringSchedule:
            again = found.timing.cadence is Cadence.ASKED
            if found.is_on and not again:
                return found
            return found.in_state(ScheduleState.SCHEDULED, self.models.clock())

        return self.schedules.change(name, started)

    def stop(self, name: str) -> MonitoringSchedule:
        """Have no more of a schedule's windows judged; raises as ``start``."""

        def stopped(found: MonitoringSchedule) -> MonitoringSchedule:
            if not found.is_on:
                return found
            return found.in_state(ScheduleState.STOPPED, self.models.clock())

        return self.schedules.change(name, stopped)

    def _configured(self, spec: ScheduleSpec) -> dict[str, Any]:
        """The members of a schedule that its configuration gives it, from now on."""
        endpoint, now = self._endpoint(spec), self.models.clock()
        return {
            "sent": spec.sent,
            "definition": spec.definition,
            "endpoint": endpoint,
            "timing": spec.timing,
            "changed": now,
            "since": now,
        }

    def _endpoint(self, spec: ScheduleSpec) -> str:
        """The name of the endpoint that a schedule is of, which may have that schedule."""
        definition = self.definitions.get(spec.definition)
        # who stops a schedule stops what watches the endpoint
        endpoint = self.models.endpoints.items.get(definition.endpoint, Right.ADMIN)
        cadence = spec.timing.cadence
        for each in self.watches.by_endpoint().get(endpoint.name.lower(), ()):
            other = each.name.lower() != spec.name.lower() and each.timing.cadence is cadence
            if other and cadence is not Cadence.ASKED:
                raise ResourceInUse(
                    f"The endpoint {endpoint.name} has the {cadence} monitoring schedule "
                    f"{each.name} already: update it, or delete it first."
                )
        return endpoint.name
