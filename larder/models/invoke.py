"""InvokeEndpoint: which variant answers, what its model is given, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from larder.access.grants import Grants, Principals, Right
from larder.access.rules import UNRESTRICTED, Access
from larder.errors import AccessForbidden, LarderError, ValidationError
from larder.jitter import jitter
from larder.models.assignment import UnitSource
from larder.models.choose import Chosen, Invocation, choose, known_fields
from larder.models.errors import ModelError
from larder.models.instances import Instance
from larder.models.lookup import Features, Wanted, read
from larder.models.plan import plan_of
from larder.models.ports import Endpoints, Matrix
from larder.models.refusals import Refused
from larder.models.residence import Residence
from larder.models.scores import Outcome, Scored, Show
from larder.models.served import ServedEndpoint, ServedModel
from larder.models.shadows import Shadow, fill_shadows, plan_shadows, shadows_of
from larder.models.vectors import Filler, Row, planned
from larder.records.read import RecordReader


@dataclass(frozen=True, slots=True)
class Guarded:
    """An endpoint as the rules of access see it."""

    name: str
    principals: dict[Right, Principals] | None

    @classmethod
    def of(cls, endpoint: ServedEndpoint) -> Guarded:
        """The endpoint with its grants made ready."""
        return cls(endpoint.name, _principals(endpoint.grants) if endpoint.grants else None)


@lru_cache(1000)
def _principals(grants: Grants) -> dict[Right, Principals]:
    """Grants made ready: once, and not for each request."""
    return {right: Principals(grants.patterns(right)) for right in Right}


@dataclass(slots=True)
class Invoker:
    """Scores instances on endpoints.

    ``store_seconds`` is what a batch read of features may take. ``draw`` gives random numbers from
    0 to below 1.
    """

    endpoints: Endpoints
    reader: RecordReader
    models: Residence
    account_id: str
    store_seconds: float = 0.2
    draw: Callable[[], float] = jitter

    def endpoint(self, name: str, access: Access = UNRESTRICTED) -> ServedEndpoint:
        """The endpoint of that name, for a caller who may read by it.

        Raises:
            ValidationError: there is no such endpoint, or it does not serve.
            AccessForbidden: the caller lacks the right to invoke it.
        """
        endpoint = self.endpoints.get(name)
        if endpoint is None and _sees_names(access):
            raise ValidationError(f"Endpoint {name} of account {self.account_id} not found.")
        if endpoint is None or not access.may(Right.READ, Guarded.of(endpoint)):
            raise AccessForbidden(
                f"{access.caller} may not invoke an endpoint with name {name}, if there is one: "
                f"check the name, or ask one of its administrators for the read right."
            )
        if not endpoint.status.answers:
            raise ValidationError(
                f"Endpoint {name} of account {self.account_id} is in status {endpoint.status}: it "
                f"answers once DescribeEndpoint says InService."
            )
        return endpoint

    def invoke(
        self, endpoint: ServedEndpoint, asked: Invocation, access: Access = UNRESTRICTED
    ) -> Outcome:
        """The scores of the instances, each by the variant that its unit falls to.

        Raises:
            ValidationError: there is no target variant of that name.
            AccessForbidden: all features were asked for, and the caller may not read a group.
            ModelError: a model can't be loaded, or no instance was scored.
        """
        chosen, source = choose(endpoint, asked, self.draw)
        try:
            return self._answered(endpoint, asked, access, chosen, source)
        except ModelError as error:
            error.variants = tuple({id(each.variant): each.variant for each, _ in chosen}.values())
            raise

    def _answered(
        self,
        endpoint: ServedEndpoint,
        asked: Invocation,
        access: Access,
        chosen: Sequence[Chosen],
        source: UnitSource,
    ) -> Outcome:
        if asked.show is Show.ALL:
            self._check_groups(_models(chosen), access)
        known, wanted = known_fields(endpoint, asked.unit_field), _wanted(chosen)
        scored = [Scored(each.variant, unit=unit) for each, unit in chosen]
        rows = [
            self._planned(each, instance, known, wanted)
            for each, instance in zip(scored, asked.instances, strict=True)
        ]
        shadows = [shadows_of(endpoint, each, self.draw) for each in chosen]
        for several, instance in zip(shadows, asked.instances, strict=True):
            plan_shadows(several, instance, known, wanted)
        features, now = self._read(wanted), self.reader.clock()
        _fill(scored, rows, Filler(features, now, all_states=asked.show is Show.ALL))
        objectives = self._score(scored)
        _fill_shadows(scored, shadows, Filler(features, now))
        outcome = _outcome(scored, chosen, source, objectives)
        if failed := outcome.failed:
            raise ModelError(failed.message, failed.status)
        return outcome

    def may_see(self, group: str, access: Access) -> bool:
        """Whether the caller may see stored values of a group: the model's right is not theirs."""
        try:
            self.reader.groups.of_caller(access, Right.READ).get(group)
        except LarderError:
            return False
        return True

    def _read(self, wanted: Wanted) -> Features:
        return read(self.reader, wanted, self.store_seconds) if wanted.identifiers else Features()

    def _check_groups(self, models: Sequence[ServedModel], access: Access) -> None:
        groups = self.reader.groups.of_caller(access, Right.READ)
        specs = [each.features for each in models if each.features is not None]
        for name in dict.fromkeys(each.group for spec in specs for each in spec.inputs):
            if name:
                groups.get(name)

    @staticmethod
    def _planned(
        scored: Scored, instance: Instance, known: frozenset[str], wanted: Wanted
    ) -> Row | None:
        try:
            return planned(scored.variant.model, instance, known, wanted)
        except Refused as refusal:
            scored.error = refusal.error
            return None

    def _score(self, scored: Sequence[Scored]) -> dict[str, str]:
        """Give each its score, with one call of each variant's model; the models' objectives."""
        objectives: dict[str, str] = {}
        by_variant: dict[int, list[Scored]] = {}
        for each in scored:
            if each.error is None:
                by_variant.setdefault(id(each.variant), []).append(each)
        for batch in by_variant.values():
            variant = batch[0].variant
            model = self.models.model(variant.model)
            objectives[variant.name] = model.objective
            matrix = Matrix.of_rows([each.vector for each in batch], variant.model.width)
            predictions = model.predict(matrix)
            for row, each in enumerate(batch):
                values = predictions.of_row(row)
                each.score = values[0] if predictions.outputs == 1 else values
        return objectives


def _fill(scored: Sequence[Scored], rows: Sequence[Row | None], filler: Filler) -> None:
    for each, row in zip(scored, rows, strict=True):
        if row is None:
            continue
        try:
            found = filler.filled(row)
        except Refused as refusal:
            each.error, each.features = refusal.error, refusal.states
            continue
        each.vector, each.features = found.vector, found.states
        each.event_times = found.event_times


def _fill_shadows(
    scored: Sequence[Scored], shadows: Sequence[list[Shadow]], filler: Filler
) -> None:
    for each, several in zip(scored, shadows, strict=True):
        if several:
            fill_shadows(several, filler)
            told = [(one.variant, one.vector, one.error, one.problem) for one in several]
            each.shadows = told


def _sees_names(access: Access) -> bool:
    """Whether the caller may learn that there is no endpoint of a name."""
    return access.is_unrestricted or not (access.rules and access.rules.missing_grants_deny)


def _wanted(chosen: Sequence[Chosen]) -> Wanted:
    wanted = Wanted()
    for model in _models(chosen):
        if model.features is not None:
            wanted.add_plan(plan_of(model.features))
    return wanted


def _models(chosen: Sequence[Chosen]) -> list[ServedModel]:
    """The distinct models that were chosen; equal ones of two variants may come twice."""
    return list({id(each.variant): each.variant.model for each, _ in chosen}.values())


def _outcome(
    scored: list[Scored],
    chosen: Sequence[Chosen],
    source: UnitSource,
    objectives: dict[str, str],
) -> Outcome:
    fleets = list(dict.fromkeys(id(each.fleet) for each, _ in chosen))
    by_id = {id(each.fleet): each.fleet for each, _ in chosen}
    served = {id(each.variant) for each, _ in chosen}
    variants = [
        variant for each in fleets for variant in by_id[each].variants if id(variant) in served
    ]
    configs = ",".join(dict.fromkeys(by_id[each].config for each in fleets))
    return Outcome(scored, variants, configs, source, objectives)
