"""Which form a request has, by its content type and its model's contract, and its answer with it.

The contract is that of the variant named by TargetVariant, else of the first of the configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from larder.models.api import instances_contract, mlflow_contract, xgboost_contract
from larder.models.api.instances_contract import Batch
from larder.models.api.media import CSV, JSON, JSON_LINES, Media
from larder.models.assignment import target
from larder.models.errors import ModelError
from larder.models.instances import MAX_INSTANCES, Instance
from larder.models.scores import Outcome
from larder.models.served import Contract, ServedEndpoint, ServedModel

_DEFAULTS = {Contract.SAGEMAKER_XGBOOST: "", Contract.LARDER: JSON, Contract.MLFLOW: JSON}
"""What a request without a content type has: of the built-in XGBoost it is libsvm."""


@dataclass(frozen=True, slots=True)
class Form:
    """A request that was read, and how its answer is written.

    ``whole`` says that it is of whole vectors in the built-in XGBoost's own types.
    """

    batch: Batch
    model: ServedModel
    accept: str
    media: str
    whole: bool

    def write(self, outcome: Outcome, may_see: Callable[[str], bool]) -> tuple[str, str]:
        """The body and its type; raises ``ModelError`` where it can't be had as asked for."""
        if self.whole and self.model.contract is Contract.SAGEMAKER_XGBOOST:
            return self._as_xgboost(outcome)
        default = self.media if self.media in {JSON, JSON_LINES, CSV} else CSV
        return instances_contract.write(outcome, self.accept, default, may_see, self.batch.show)

    def _as_xgboost(self, outcome: Outcome) -> tuple[str, str]:
        variant = outcome.variants[0]
        for each in outcome.scored:
            if each.error is not None:
                raise ModelError(each.error.message, each.error.status)
        return xgboost_contract.write(
            [each.score for each in outcome.scored if each.score is not None],
            self.accept,
            variant.model.environment,
            outcome.objectives.get(variant.name, ""),
        )


def of(
    endpoint: ServedEndpoint, members: Mapping[str, str], body: bytes, most: int = MAX_INSTANCES
) -> Form:
    """The request's form; where it is not of whole vectors, it has ``most`` instances.

    Raises:
        ModelError: of status 400 or 415, where the body is empty, of another type, or malformed.
    """
    named = target(endpoint, members.get("TargetVariant", ""))
    model = (named.variant if named else endpoint.blue.variants[0]).model
    if not body.strip():
        raise ModelError("The body is empty: send at least one row.")
    sent = members.get("ContentType", "")
    media = Media.parse(sent.split(",")[0] or _DEFAULTS[model.contract])
    accept = members.get("Accept", "")
    if media.name in {JSON, JSON_LINES} or media.parameters.get("header") == "present":
        if model.contract is Contract.MLFLOW:
            by_name = model.features is not None
            batch = mlflow_contract.read(
                body, media, by_name=by_name, columns=model.columns, most=most
            )
        else:
            batch = instances_contract.read(body, media, most)
        return Form(batch, model, accept, media.name, whole=False)
    rows = xgboost_contract.read(body, media, sent)
    batch = Batch([Instance(vector=row) for row in rows])
    return Form(batch, model, accept, media.name, whole=True)
