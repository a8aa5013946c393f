"""A Lambda function invoked by one signed POST: no SDK is imported for it.

Source: AWS Lambda, API reference, "Invoke".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from larder.aws.signed_http import NoAnswer, SignedHttp
from larder.errors import ServiceUnavailable, ThrottlingException

SECONDS: Final = 23.0
"""Below the 25 s of the function that waits, so that silence is reported as such."""


@dataclass(frozen=True)
class LambdaFunction:
    """A function, by its name or the ARN of it or of its alias."""

    service: SignedHttp
    name: str

    def invoke(self, payload: bytes) -> bytes:
        """The function's answer. It is asked once: a second call would do the work twice.

        Raises:
            ThrottlingException: Lambda has no execution free for it.
            ServiceUnavailable: it failed, did not answer in time, or could not be invoked.
        """
        path = f"/2015-03-31/functions/{quote(self.name, safe='')}/invocations"
        try:
            answer = self.service.send("POST", path, payload)
        except NoAnswer as silence:
            raise ServiceUnavailable(
                f"The function {self.name} did not answer ({silence}); try again."
            ) from silence
        if answer.status == 429:
            raise ThrottlingException(
                f"Lambda has no execution free for the function {self.name}; try again."
            )
        error = answer.headers.get("x-amz-function-error")
        if answer.status != 200 or error:
            said = answer.body[:300].decode("utf-8", "replace")
            raise ServiceUnavailable(
                f"The function {self.name} failed ({error or answer.status}): {said}"
            )
        return answer.body
