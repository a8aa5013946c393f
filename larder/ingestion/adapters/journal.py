"""What is known of ingestion runs, on S3: ``s3://<bucket>/ingest/<group uid>/<run>.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import orjson

from larder.aws.s3_objects import Objects
from larder.bucket_folders import INGEST
from larder.errors import ResourceInUse
from larder.formats import MEMBER, Format, carried, known_members
from larder.ingestion.ports import Run

_FORMAT = Format("ingest-run")
_MEMBERS = frozenset(each.name for each in fields(Run))


@dataclass(frozen=True, slots=True)
class S3RunJournal:
    """Implements ``larder.ingestion.ports.RunJournal`` in the platform's bucket.

    What a newer release has written of a run beside what is known here is kept in ``_begun``.
    """

    objects: Objects
    bucket: str
    _begun: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def begin(self, run: Run) -> Run:
        """See the port; of two processes that begin a run at once, one is first."""
        address = self._address(run)
        try:
            self.objects.create(address, orjson.dumps(asdict(run)))
        except ResourceInUse:
            document = self.objects.read(address)
            if document is None:  # somebody removed it just now
                raise
            found = orjson.loads(document)
            _FORMAT.check(address, found.get(MEMBER))
            self._begun[address] = found
            return Run(**known_members(Run, found))
        return run

    def note(self, run: Run) -> None:
        address = self._address(run)
        document = carried(self._begun.get(address, {}), asdict(run), _MEMBERS)
        self.objects.write(address, orjson.dumps(document))

    def _address(self, run: Run) -> str:
        return f"s3://{self.bucket}/{INGEST}{run.group_uid}/{run.id}.json"
