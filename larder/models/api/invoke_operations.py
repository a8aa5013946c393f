"""The operations of ``sagemaker-runtime``: InvokeEndpoint, and why the others are refused."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from urllib.parse import unquote

from larder.access.rules import Access, AccessRules
from larder.errors import LarderError, ValidationError
from larder.models.api import contracts
from larder.models.api.runtime_errors import LogPlace, error_response
from larder.models.api.runtime_shapes import HEADERS, INVOKE_ENDPOINT, MAX_BODY, REFUSED
from larder.models.assignment import UnitSource, assign
from larder.models.capture import Exchange
from larder.models.choose import Invocation
from larder.models.errors import ModelError
from larder.models.exposure import Answered
from larder.models.invoke import Invoker
from larder.models.scores import Outcome
from larder.models.served import ServedEndpoint, Variant
from larder.problems import refuse
from larder.wire.errors import Response, typed_error
from larder.wire.fits import fits
from larder.wire.http import Request
from larder.wire.shapes import problems

_PATH = re.compile(
    r"/endpoints/([^/]+)/(invocations|async-invocations|invocations-response-stream)"
)
_OPERATIONS = {
    "invocations": "InvokeEndpoint",
    "async-invocations": "InvokeEndpointAsync",
    "invocations-response-stream": "InvokeEndpointWithResponseStream",
}
_CURES = {
    "InvokeEndpointAsync": "Larder keeps no queue of requests: use a transform job, or "
    "InvokeEndpoint",
    "InvokeEndpointWithResponseStream": "the models that Larder runs answer at once: use "
    "InvokeEndpoint",
}
_OK = 200
_MOST_ANSWERED = MAX_BODY - 4_096
_UNIT = re.compile(r"(?:^|[\s,;])larder-unit=([^\s,;]+)")
_fits = fits(INVOKE_ENDPOINT)
Tell = Callable[[Answered], None]
Measure = Callable[[ServedEndpoint, Sequence[Variant], int, float], None]
"""Learns how a request ended: its endpoint and variants, the status, and the seconds it took."""


@dataclass(frozen=True, slots=True)
class InvokeApi:
    """Answers requests of ``sagemaker-runtime``, each on behalf of its caller.

    ``tell`` learns of each answered request, and ``measure`` of those that a model refused too.
    ``clock`` gives seconds since the epoch.
    """

    invoker: Invoker
    rules: AccessRules
    log: LogPlace
    tell: Tell = lambda _: None
    measure: Measure = lambda *_: None
    clock: Callable[[], float] = time.time

    def handle(self, request: Request) -> tuple[str, Response]:
        """The name of the requested operation (``"Unknown"`` if it has none), and the response."""
        match = _PATH.fullmatch(request.path) if request.method == "POST" else None
        if match is None:
            text = (
                f"{request.method} {request.path[:120]} is no operation of this endpoint; it "
                f"serves POST /endpoints/<name>/invocations."
            )
            return "Unknown", typed_error(
                "UnknownOperationException", 404, text, request.request_id
            )
        operation = _OPERATIONS[match[2]]
        try:
            if operation in _CURES:
                raise ValidationError(f"{operation} is not served: {_CURES[operation]}.")
            return operation, self._invoke(unquote(match[1]), request)
        except LarderError as error:
            return operation, self.refuse(error, request.request_id)

    def refuse(self, error: LarderError, request_id: str) -> Response:
        """The response that says an error."""
        return error_response(error, request_id, self.log)

    def _invoke(self, name: str, request: Request) -> Response:
        members = _members(name, request)
        access = self.rules.access_of(request.caller_arn)
        endpoint, start = self.invoker.endpoint(name, access), perf_counter()
        try:
            response, outcome = self._answer(endpoint, members, access, request)
        except ModelError as error:
            variants = error.variants or self._any_variant(endpoint)
            self.measure(endpoint, variants, error.status, perf_counter() - start)
            raise
        self.measure(endpoint, outcome.variants, _OK, perf_counter() - start)
        return response

    def _any_variant(self, endpoint: ServedEndpoint) -> tuple[Variant, ...]:
        """The variant that would have been asked, for a body that no variant could read."""
        return (assign(endpoint, None, self.invoker.draw).variant,)

    def _answer(
        self, endpoint: ServedEndpoint, members: dict[str, str], access: Access, request: Request
    ) -> tuple[Response, Outcome]:
        if len(request.body) > MAX_BODY:
            raise ModelError(
                f"The body has {len(request.body)} bytes; at most {MAX_BODY} (6 MiB) are taken: "
                f"split it, or run a transform job.",
                413,
            )
        form = contracts.of(endpoint, members, request.body)
        asked = _asked(form, members)
        outcome = self.invoker.invoke(endpoint, asked, access)
        body, media = form.write(outcome, self._may_see(access))
        _check_size(body)
        inference_id = members.get("InferenceId") or str(uuid.uuid4())
        attributes = members.get("CustomAttributes", "")
        sent = members.get("ContentType", "")
        exchange = Exchange(sent, request.body, media, body) if endpoint.capture else None
        self.tell(Answered(endpoint, outcome, inference_id, attributes, self.clock(), exchange))
        return _response(body, media, outcome, request.request_id), outcome

    def _may_see(self, access: Access) -> Callable[[str], bool]:
        known: dict[str, bool] = {}

        def may_see(group: str) -> bool:
            if group not in known:
                known[group] = self.invoker.may_see(group, access)
            return known[group]

        return may_see


def _members(name: str, request: Request) -> dict[str, str]:
    headers = request.headers
    members = {member: headers[header] for member, header in HEADERS.items() if header in headers}
    members["EndpointName"] = name
    if not _fits(members):
        refuse(problems(INVOKE_ENDPOINT, members))
    for member, cure in REFUSED.items():
        if members.get(member):
            raise ValidationError(f"{member} is not served: {cure}.")
    if members.get("SessionId") == "NEW_SESSION":
        raise ValidationError(
            "SessionId NEW_SESSION asks for a stateful model, which Larder does not run: send an "
            "id of your own, by which a variant is chosen."
        )
    return members


def _asked(form: contracts.Form, members: Mapping[str, str]) -> Invocation:
    unit, source = None, UnitSource.RANDOM
    if match := _UNIT.search(members.get("CustomAttributes", "")):
        unit, source = match[1], UnitSource.ATTRIBUTES
    elif members.get("SessionId"):
        unit, source = members["SessionId"], UnitSource.SESSION
    return Invocation(
        instances=form.batch.instances,
        target_variant=members.get("TargetVariant", ""),
        unit=unit,
        unit_source=source,
        unit_field=form.batch.unit_field,
        show=form.batch.show,
    )


def _check_size(body: str) -> None:
    """Refuse an answer that Lambda could not hand over; there each of these takes two bytes."""
    if len(body) + body.count('"') + body.count("\n") > _MOST_ANSWERED:
        raise ModelError(
            f"The answer has {len(body)} bytes, more than an endpoint can send: split the request, "
            f"ask for text/csv, or run a transform job.",
            413,
        )


def _response(body: str, media: str, outcome: Outcome, request_id: str) -> Response:
    headers: dict[str, Any] = {
        "content-type": media,
        "x-amzn-invoked-production-variant": ",".join(each.name for each in outcome.variants),
        "x-amzn-requestid": request_id,
    }
    return {"statusCode": 200, "headers": headers, "body": body}
