"""Models' files in the platform's bucket, read by one signed GET: no SDK is imported for it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from larder.aws.signed_http import NoAnswer, SignedHttp
from larder.bucket_folders import MODELS
from larder.errors import ServiceUnavailable
from larder.models.errors import ModelError

SECONDS = 10.0
_TRIES = 3


@dataclass(frozen=True)
class S3Artefacts:
    """Implements ``ArtefactReader``: objects of ``bucket`` under ``models/<sha256>``."""

    service: SignedHttp
    bucket: str

    def read(self, sha256: str) -> bytes:
        data = self._fetched(f"/{self.bucket}/{MODELS}{sha256}")
        found = hashlib.sha256(data).hexdigest()
        if found != sha256:
            raise ModelError(
                f"The model's file {MODELS}{sha256} in {self.bucket} has SHA-256 {found}: it was "
                f"changed. Create the model again.",
                500,
            )
        return data

    def _fetched(self, path: str) -> bytes:
        problem = ""
        for _ in range(_TRIES):
            try:
                answer = self.service.send("GET", path)
            except NoAnswer as silence:
                problem = str(silence)
                continue
            if answer.status == 200:
                return answer.body
            if answer.status < 500:
                raise ModelError(
                    f"The model's file {path} can't be read (HTTP {answer.status}): it is gone, or "
                    f"the inference function lacks the permission. Create the model again.",
                    500,
                )
            problem = f"HTTP {answer.status}"
        raise ServiceUnavailable(f"S3 did not give the model's file ({problem}); try again.")
