"""The error of a model: it was reached, and could not answer this request."""

from __future__ import annotations

from larder.errors import LarderError
from larder.models.served import Variant


class ModelError(LarderError):
    """A model refused its input or failed on it: SageMaker's ModelError.

    ``status`` is the HTTP status that the model's own server would have given: 4xx where the input
    is at fault, 5xx where the model or a store is. ``variants`` are those that were to answer, as
    far as they were chosen.
    """

    variants: tuple[Variant, ...] = ()

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
