"""What is known of ingestion runs, on S3: ``s3://<bucket>/ingest/<group uid>/<run>.json``."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import orjson

from larder.aws.s3_objects import Objects
from larder.bucket_folders import INGEST
from larder.errors import ResourceInUse
from larder.ingestion.ports import Run


@dataclass(frozen=True, slots=True)
class S3RunJournal:
    """Implements ``larder.ingestion.ports.RunJournal`` in the platform's bucket."""

    objects: Objects
    bucket: str

    def begin(self, run: Run) -> Run:
        """See the port; of two processes that begin a run at once, one is first."""
        address = self._address(run)
        try:
            self.objects.create(address, orjson.dumps(asdict(run)))
        except ResourceInUse:
            document = self.objects.read(address)
            if document is None:  # somebody removed it just now
                raise
            return Run(**orjson.loads(document))
        return run

    def note(self, run: Run) -> None:
        self.objects.write(self._address(run), orjson.dumps(asdict(run)))

    def _address(self, run: Run) -> str:
        return f"s3://{self.bucket}/{INGEST}{run.group_uid}/{run.id}.json"
