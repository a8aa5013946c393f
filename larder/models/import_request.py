"""What the import of a model needs to know, as it travels to the function that does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from larder.models.images import Image


class SourceForm(StrEnum):
    """What lies at an artefact's address: a gzipped tar archive, a folder, or one file."""

    ARCHIVE = "archive"
    FOLDER = "folder"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a model's artefact is; ``etag`` must be the object's where it is given."""

    uri: str
    form: SourceForm = SourceForm.ARCHIVE
    etag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """A model to take in, for ``caller`` (an ARN; ``None`` is the account), whose rights count."""

    name: str
    uid: str
    image: Image
    source: Source
    caller: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The request as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ImportRequest:
        """The request that ``to_json`` was given.

        Raises:
            KeyError, TypeError, ValueError: the values are of another form.
        """
        image, source = values["image"], values["source"]
        return cls(
            name=values["name"],
            uid=values["uid"],
            image=Image.from_json(image),
            source=Source(uri=source["uri"], form=SourceForm(source["form"]), etag=source["etag"]),
            caller=values["caller"],
            environment=dict(values["environment"]),
        )
