"""Data capture files: what was captured of requests, as SageMaker lays it out.

A file is at ``<DestinationS3Uri>/<endpoint>/<variant>/yyyy/mm/dd/hh/<file>.jsonl``, by the time of
the answer in UTC. Its names and bytes follow from its lines. So a batch that comes again writes the
same objects.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_OID, uuid5

import orjson

from larder.event_time import iso_millis
from larder.models.capture import Captured, Side
from larder.models.exposed import Exposure

_Folder = tuple[str, str]


@dataclass(frozen=True, slots=True)
class CaptureFile:
    """One object: its address, its lines, and the key to encrypt it by (or empty)."""

    address: str
    body: bytes
    kms_key: str
    lines: int


def capture_files(exposures: Iterable[Exposure]) -> list[CaptureFile]:
    """The files of a batch; a request whose line came twice is captured once."""
    folders: dict[_Folder, dict[tuple[int, str], Exposure]] = defaultdict(dict)
    for each in exposures:
        if each.capture is not None:
            place = _folder(each, each.capture), each.capture.kms_key
            folders[place][each.answered_at, each.inference_id] = each
    return [
        _file(folder, key, [found for _, found in sorted(several.items())])
        for (folder, key), several in folders.items()
    ]


def _folder(exposure: Exposure, capture: Captured) -> str:
    at = iso_millis(exposure.answered_at)
    hour = f"{at[:4]}/{at[5:7]}/{at[8:10]}/{at[11:13]}"
    variant = exposure.variants[exposure.instances[0].variant].name
    return f"{capture.destination.rstrip('/')}/{exposure.endpoint}/{variant}/{hour}"


def _file(folder: str, kms_key: str, exposures: Sequence[Exposure]) -> CaptureFile:
    body = b"".join(_line(each) for each in exposures)
    first = iso_millis(exposures[0].answered_at)
    name = f"{first[14:16]}-{first[17:19]}-{first[20:23]}-{uuid5(NAMESPACE_OID, body.hex())}"
    return CaptureFile(f"{folder}/{name}.jsonl", body, kms_key, len(exposures))


def _line(exposure: Exposure) -> bytes:
    capture = exposure.capture
    data: dict[str, object] = {}
    if capture is not None and capture.input is not None:
        data["endpointInput"] = _side(capture.input, "INPUT")
    if capture is not None and capture.output is not None:
        data["endpointOutput"] = _side(capture.output, "OUTPUT")
    event = f"{exposure.inference_id}/{exposure.answered_at}"
    document = {
        "captureData": data,
        "eventMetadata": {
            "eventId": str(uuid5(NAMESPACE_OID, event)),
            "inferenceId": exposure.inference_id,
            "inferenceTime": f"{iso_millis(exposure.answered_at)[:19]}Z",
        },
        "eventVersion": "0",
    }
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)


def _side(side: Side, mode: str) -> dict[str, str]:
    return {
        "observedContentType": side.content_type,
        "mode": mode,
        "data": side.data,
        "encoding": side.encoding,
    }
