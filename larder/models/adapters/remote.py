"""Import and warm-up by the functions that do them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import orjson

from larder.errors import AccessForbidden, LarderError, ServiceUnavailable, ValidationError
from larder.models.import_request import ImportRequest
from larder.models.served import ServedEndpoint, ServedModel
from larder.models.served_json import model_from_json

_ERRORS: dict[str, type[LarderError]] = {
    each.__name__: each for each in (ValidationError, AccessForbidden, ServiceUnavailable)
}


class Function(Protocol):
    """A function that answers bytes with bytes (``larder.aws.lambda_function``)."""

    def invoke(self, payload: bytes) -> bytes:
        """Its answer; raises ``ServiceUnavailable`` or ``ThrottlingException``."""


@dataclass(frozen=True, slots=True)
class RemoteImport:
    """Implements ``larder.models.registry.Importer``."""

    function: Function

    def __call__(self, request: ImportRequest) -> ServedModel:
        answer = orjson.loads(self.function.invoke(orjson.dumps(request.to_json())))
        if "error" in answer:
            raise _ERRORS.get(answer["error"], ServiceUnavailable)(answer["message"])
        return model_from_json(answer["served"])


@dataclass(frozen=True, slots=True)
class RemoteWarmUp:
    """Implements ``larder.models.registry.WarmUp``."""

    function: Function

    def __call__(self, endpoint: ServedEndpoint) -> str | None:
        # imported where it is used: it knows how models are loaded, which control never does
        from larder.models import warm_up  # noqa: PLC0415

        return warm_up.failure(self.function.invoke(warm_up.request(endpoint).encode()))
