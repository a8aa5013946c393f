"""Transform jobs as items of the registry table.

    M#transform-job  <name>   ``doc``, the job's document, beside ``uid`` and ``revision``

Format ``transform-job`` is that of the document (decision 0192).
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from larder.aws.dynamodb.api import DynamoApi
from larder.formats import MEMBER, Format, carried
from larder.models.adapters.dynamodb_item import item_key
from larder.models.adapters.dynamodb_models import DynamoItems
from larder.models.registry_items import Kind
from larder.models.served_json import check_rewritable, model_from_json, model_to_json
from larder.transforms.job import JobStatus, TransformJob

FORMAT: Final = Format("transform-job")
Attributes = dict[str, Any]
_KNOWN: Final = frozenset(
    {"name", "created", "tags", "sent", "model", "state", "changed", "started", "ended", "failure"}
)


class DynamoJobs(DynamoItems[TransformJob]):
    """Implements ``larder.models.registry.Items`` for transform jobs."""

    def __init__(self, dynamodb: DynamoApi, table_name: str) -> None:
        super().__init__(dynamodb, table_name, Kind.TRANSFORM_JOB)

    def _written(self, item: TransformJob, stored: Attributes | None) -> Attributes:
        return to_item(item, stored)

    def _read(self, attributes: Attributes) -> TransformJob:
        return from_item(attributes)


def to_item(job: TransformJob, stored: Attributes | None = None) -> Attributes:
    """The attributes of a job, with what a newer release added to the ``stored`` one.

    Raises:
        NewerFormat: the stored one has what this release would lose.
    """
    document: Attributes = {
        "name": job.name,
        "created": job.created,
        "tags": [list(tag) for tag in job.tags],
        "sent": dict(job.sent),
        "model": model_to_json(job.model),
        "state": job.state,
        "changed": job.changed,
        "started": job.started,
        "ended": job.ended,
        "failure": job.failure,
    }
    if stored is not None:
        before = orjson.loads(stored["doc"]["S"])
        check_rewritable(before["model"])
        document = carried(before, document, _KNOWN)
    return {
        **(stored or {}),
        **item_key(Kind.TRANSFORM_JOB, job.name),
        "uid": {"S": job.uid},
        "revision": {"N": str(job.revision)},
        "doc": {"S": orjson.dumps(document).decode()},
    }


def from_item(attributes: Attributes) -> TransformJob:
    """The job of its attributes.

    Raises:
        NewerFormat: a newer release wrote it, in a form that this one can't read.
        KeyError, ValueError: they are not of this layout.
    """
    document = orjson.loads(attributes["doc"]["S"])
    name = f"transform job {document['name']}"
    FORMAT.check(name, document.get(MEMBER))
    return TransformJob(
        name=document["name"],
        uid=attributes["uid"]["S"],
        created=document["created"],
        tags=tuple((key, value) for key, value in document["tags"]),
        revision=int(attributes["revision"]["N"]),
        sent=document["sent"],
        model=model_from_json(document["model"]),
        state=FORMAT.value(name, JobStatus, document["state"]),
        changed=document["changed"],
        started=document["started"],
        ended=document["ended"],
        failure=document["failure"],
    )
