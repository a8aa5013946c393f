"""LitServe with Feast in front of the model: ``litserve_app REPOSITORY MODEL PORT``."""

from __future__ import annotations

import sys
from typing import Any

import litserve

from benchmarks.peers.feast_four import Scores


class Api(litserve.LitAPI):
    """Ids in, scores out; made anew in the worker's process."""

    def setup(self, device: str) -> None:  # noqa: ARG002 - LitServe's
        """Open the store and the model."""
        self._scores = Scores(sys.argv[1], sys.argv[2])

    def decode_request(self, request, **_: object):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """The ids. LitServe reads the annotation: without one the body is JSON."""
        return list(request["ids"])

    def predict(self, x: list[str], **_: object) -> list[float]:
        """Their scores."""
        return self._scores(x)

    def encode_response(self, output: list[float], **_: object) -> dict[str, Any]:
        """The answer."""
        return {"predictions": output}


if __name__ == "__main__":
    server = litserve.LitServer(Api(), accelerator="cpu", workers_per_device=1)
    server.run(
        host="127.0.0.1", port=int(sys.argv[3]), num_api_servers=1, generate_client_file=False
    )
