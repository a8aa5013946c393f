"""The control plane's request to take in a model, and the answer: the model, or why it is refused.

The answer has ``served``, the model's document (``larder.models.served_json``), or ``error``, an
error's name, with ``message``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from larder.errors import AccessForbidden, LarderError, ServiceUnavailable, ValidationError
from larder.models.import_request import ImportRequest
from larder.models.registry import Importer
from larder.models.served_json import model_to_json
from larder.telemetry.log import Log, trace_of

_ANSWERED = (AccessForbidden, ServiceUnavailable, ValidationError)
_Answer = dict[str, str]


def create_import(importer: Importer, log: Log) -> Callable[[Mapping[str, Any], object], _Answer]:
    """The Lambda handler over an import."""

    def handle(event: Mapping[str, Any], _context: object) -> _Answer:
        request = ImportRequest.from_json(event)
        try:
            served = importer(request)
        except LarderError as error:
            kind = next((each for each in _ANSWERED if isinstance(error, each)), ServiceUnavailable)
            trace = {} if isinstance(error, _ANSWERED) else {"trace": trace_of(error)}
            log.line("WARNING", message="refused", model=request.name, error=str(error), **trace)
            return {"error": kind.__name__, "message": str(error)}
        log.line("INFO", message="taken in", model=request.name, source=request.source.uri)
        return {"served": model_to_json(served)}

    return handle
