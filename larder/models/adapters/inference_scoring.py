"""Shadows scored by a direct invocation of the inference function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from larder.aws.refusals import refusal
from larder.models import score
from larder.models.served import ServedModel

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient


@dataclass(frozen=True, slots=True)
class InferenceScorer:
    """Implements ``larder.models.score_shadows.ShadowScorer`` by the function of that name."""

    client: LambdaClient
    function: str

    def score(
        self, model: ServedModel, vectors: Sequence[Sequence[float]]
    ) -> Sequence[Sequence[float]]:
        """The scores; raises ``ServiceUnavailable`` or another error of Larder's without them."""
        try:
            answer = self.client.invoke(
                FunctionName=self.function, Payload=score.request(model, vectors)
            )
            payload = answer["Payload"].read()
        except (ClientError, BotoCoreError) as error:
            raise refusal("the inference function was not reached", error) from error
        return score.scores_of(payload, len(vectors))
