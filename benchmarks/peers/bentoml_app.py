"""BentoML with Feast in front of the model: ``bentoml_app REPOSITORY MODEL PORT``."""

from __future__ import annotations

import os
import sys

import bentoml

from benchmarks.peers.feast_four import Scores


@bentoml.service(workers=1, traffic={"timeout": 30})
class Model:
    """Ids in, scores out."""

    def __init__(self) -> None:
        self._scores = Scores(os.environ["BENCH_REPOSITORY"], os.environ["BENCH_MODEL"])

    @bentoml.api
    def predict(self, ids: list[str]) -> dict[str, list[float]]:
        """The scores of entities."""
        return {"predictions": self._scores(ids)}


if __name__ == "__main__":
    told = {"BENCH_REPOSITORY": sys.argv[1], "BENCH_MODEL": sys.argv[2]}
    command = [sys.executable, "-m", "bentoml", "serve", "benchmarks.peers.bentoml_app:Model"]
    options = ["--host", "127.0.0.1", "--port", sys.argv[3]]
    os.execve(sys.executable, [*command, *options], {**os.environ, **told})  # noqa: S606
