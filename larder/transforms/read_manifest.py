"""A manifest: which objects a job reads, as SageMaker writes it.

``[{"prefix": "s3://bucket/folder/"}, "a.csv", "more/b.csv"]``. Source: AWS, API reference,
"S3DataSource".
"""

from __future__ import annotations

import orjson

from larder.transforms.errors import BadInput
from larder.transforms.ports import Inputs
from larder.transforms.records import whole
from larder.transforms.shards import Shard

_MOST = 16 * 2**20
_FORM = 'it must be a list: {"prefix": "s3://bucket/folder/"}, then paths below it'


def manifest_of(inputs: Inputs, address: str) -> list[tuple[str, str]]:
    """Address and path of each object that a manifest lists.

    Raises:
        BadInput: it is of another form, too large, or there is no such object.
    """
    found = inputs.one(address)
    shard = Shard(
        place=0,
        number=0,
        count=1,
        address=address,
        etag=found.etag,
        start=0,
        end=found.size,
        output="",
    )
    try:
        document = orjson.loads(whole(inputs.read(shard), _MOST))
    except orjson.JSONDecodeError as error:
        raise BadInput(f"The manifest {address} is not valid JSON ({error}): {_FORM}.") from None
    first, *paths = document if isinstance(document, list) and document else [None]
    prefix = first.get("prefix") if isinstance(first, dict) else None
    if not isinstance(prefix, str) or not prefix.startswith("s3://"):
        raise BadInput(f"The manifest {address}: {_FORM}.")
    names = [each for each in paths if isinstance(each, str)]
    if len(names) < len(paths):
        raise BadInput(f"The manifest {address}: {_FORM}, which are texts.")
    return [(f"{prefix}{each}", each.lstrip("/")) for each in names]
