"""A model that answers the requests of a job, as its endpoint would: without limits of a request.

A request of an endpoint may have 100 instances, for its features are read in one batch. Here it may
have any number, and they are read batch by batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from larder.models.api import contracts
from larder.models.api.contracts import Form
from larder.models.api.xgboost_contract import BATCH
from larder.models.choose import Invocation
from larder.models.errors import ModelError
from larder.models.instances import MAX_INSTANCES, Instance
from larder.models.invoke import Invoker
from larder.models.scores import Outcome, Scored
from larder.models.served import EndpointStatus, Fleet, ServedEndpoint, ServedModel, Variant
from larder.transforms.work import Work

_ANY_NUMBER: Final = 2**31
_WHOLE: Final = 5_000
"""Whole vectors that are scored at a time: so many rows are in memory twice."""
_UNANSWERED: Final = 503


@dataclass(frozen=True, slots=True)
class ModelAnswers:
    """Implements ``larder.transforms.ports.Answers``.

    A record of which no score was made is refused with its whole request, however many others were
    scored: so that the records of a request do not matter. A store that did not answer is asked
    again ``retries`` times.
    """

    invoker: Invoker
    endpoint: ServedEndpoint
    members: dict[str, str]
    retries: int

    @classmethod
    def opened(cls, invoker: Invoker, model: ServedModel, work: Work) -> ModelAnswers:
        """The answers of a model, with the job's variables over those of its container."""
        environment = {**model.environment, **work.environment, BATCH: "True"}
        variant = Variant(
            name="AllTraffic", weight=1.0, model=replace(model, environment=environment)
        )
        endpoint = ServedEndpoint(
            name=model.name,
            uid=model.uid,
            status=EndpointStatus.IN_SERVICE,
            generation=1,
            salt=model.name,
            blue=Fleet(config=model.name, variants=(variant,)),
        )
        members = {"ContentType": work.content_type, "Accept": work.accept}
        return cls(invoker, endpoint, members, work.retries)

    def of(self, body: bytes) -> bytes:
        """As the port says."""
        form = contracts.of(self.endpoint, self.members, body, _ANY_NUMBER)
        body_out, _ = form.write(self._outcome(form), lambda _: False)
        return body_out.encode()

    def _outcome(self, form: Form) -> Outcome:
        instances, size = form.batch.instances, _WHOLE if form.whole else MAX_INSTANCES
        outcomes = [
            self._asked(_invocation(form, instances[at : at + size]))
            for at in range(0, len(instances), size)
        ]
        scored: list[Scored] = [each for outcome in outcomes for each in outcome.scored]
        for each in scored:
            if each.error is not None:
                raise ModelError(each.error.message, each.error.status)
        return replace(outcomes[0], scored=scored)

    def _asked(self, asked: Invocation) -> Outcome:
        for attempt in range(self.retries + 1):
            try:
                outcome = self.invoker.invoke(self.endpoint, asked)
            except ModelError as error:
                if error.status != _UNANSWERED or attempt == self.retries:
                    raise
                continue
            if attempt == self.retries or not _is_unanswered(outcome.scored):
                return outcome
        raise AssertionError("unreachable: the last attempt returns or raises")


def _invocation(form: Form, instances: Sequence[Instance]) -> Invocation:
    return Invocation(
        instances=instances,
        unit_field=form.batch.unit_field,
        show=form.batch.show,
    )


def _is_unanswered(scored: Sequence[Scored]) -> bool:
    return any(each.error is not None and each.error.status == _UNANSWERED for each in scored)
