"""What the container of a model or of a model package says of its artefact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from larder.models.import_request import Source, SourceForm
from larder.problems import Path, Problem, shown

_FORMS = {
    ("S3Object", "Gzip"): SourceForm.ARCHIVE,
    ("S3Prefix", "None"): SourceForm.FOLDER,
    ("S3Object", "None"): SourceForm.FILE,
}


def source_problems(container: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    """What is wrong with where the artefact is said to be."""
    places = [name for name in ("ModelDataUrl", "ModelDataSource") if name in container]
    if len(places) != 1:
        text = "Member must be given, or ModelDataSource, and not both: a model is one artefact"
        yield Problem((*path, "ModelDataUrl"), text, shown(container.get("ModelDataUrl")))
        return
    source = container.get("ModelDataSource", {}).get("S3DataSource")
    if places == ["ModelDataSource"]:
        if source is None:
            text = "Member must not be null"
            yield Problem((*path, "ModelDataSource", "S3DataSource"), text, "null")
            return
        if (source["S3DataType"], source["CompressionType"]) not in _FORMS:
            text = "Member must be None where S3DataType is S3Prefix: a folder is not compressed"
            where = (*path, "ModelDataSource", "S3DataSource", "CompressionType")
            yield Problem(where, text, shown(source["CompressionType"]))
    uri = container["ModelDataUrl"] if source is None else source["S3Uri"]
    if not uri.startswith("s3://"):
        yield Problem((*path, *places), "Member must begin with s3://", shown(uri))


def source_of(container: Mapping[str, Any], etag: str | None = None) -> Source:
    """Where the artefact is; ``etag`` is the ETag of a ModelDataUrl's object."""
    if "ModelDataUrl" in container:
        return Source(uri=container["ModelDataUrl"], etag=etag)
    source = container["ModelDataSource"]["S3DataSource"]
    form = _FORMS[source["S3DataType"], source["CompressionType"]]
    return Source(uri=source["S3Uri"], form=form, etag=source.get("ETag", etag))
