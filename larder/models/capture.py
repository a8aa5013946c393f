"""Data capture: which requests an endpoint's DataCaptureConfig takes, and what of them.

The configuration is SageMaker's. A request is taken by the hash of its inference id: a
repeated one gets the same choice. Content types that ``CaptureContentTypeHeader`` names become
``CSV`` or ``JSON``. All others become ``BASE64`` (AWS, API reference, of that member).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

INPUT, OUTPUT = "Input", "Output"
_BOTH = "InputAndOutput"
_HEADERS = (("CSV", "CsvContentTypes"), ("JSON", "JsonContentTypes"))


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a request as it is captured; ``encoding`` is CSV, JSON or BASE64."""

    content_type: str
    data: str
    encoding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """What is captured of one request, and where to; ``None`` is a side that was not asked for."""

    destination: str
    kms_key: str
    input: Side | None
    output: Side | None


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer, with their content types."""

    content_type: str
    body: bytes
    answer_type: str
    answer: str


def captured(config: Mapping[str, Any], inference_id: str, exchange: Exchange) -> Captured | None:
    """What a DataCaptureConfig takes of a request; ``None`` where it takes nothing."""
    if not config.get("EnableCapture") or not is_sampled(config, inference_id):
        return None
    modes = {each.get("CaptureMode") for each in config.get("CaptureOptions") or ()}
    headers = config.get("CaptureContentTypeHeader") or {}
    takes_input, takes_output = modes & {INPUT, _BOTH}, modes & {OUTPUT, _BOTH}
    return Captured(
        destination=str(config["DestinationS3Uri"]),
        kms_key=str(config.get("KmsKeyId") or ""),
        input=_side(exchange.content_type, exchange.body, headers) if takes_input else None,
        output=_side(exchange.answer_type, exchange.answer.encode(), headers)
        if takes_output
        else None,
    )


def is_sampled(config: Mapping[str, Any], inference_id: str) -> bool:
    """Whether a request is among the ``InitialSamplingPercentage``."""
    percentage = float(config.get("InitialSamplingPercentage") or 0)
    digest = blake2b(inference_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") < percentage / 100 * 2**64


def _side(content_type: str, data: bytes, headers: Mapping[str, Any]) -> Side:
    name = content_type.partition(";")[0].strip().lower()
    for encoding, member in _HEADERS:
        if name and name in {str(each).lower() for each in headers.get(member) or ()}:
            try:
                return Side(content_type, data.decode(), encoding)
            except UnicodeDecodeError:
                break
    return Side(content_type, b64encode(data).decode(), "BASE64")
