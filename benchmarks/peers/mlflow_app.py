"""MLflow with Feast in front of the model: ``mlflow_app REPOSITORY MODEL PORT``."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import mlflow.pyfunc

from benchmarks.peers.feast_four import Scores


class Model(mlflow.pyfunc.PythonModel):
    """A frame of ids in, scores out."""

    def load_context(self, context: Any) -> None:  # noqa: ANN401 - MLflow's
        """Open the store and the model."""
        told = context.model_config
        self._scores = Scores(told["repository"], told["model"])

    def predict(self, context: Any, model_input: Any, params: Any = None) -> list[float]:  # noqa: ANN401, ARG002
        """The scores of entities."""
        return self._scores(list(model_input["id"]))


if __name__ == "__main__":
    repository, model, port = sys.argv[1:]
    saved = Path(repository) / "mlflow-model"
    shutil.rmtree(saved, ignore_errors=True)
    config = {"repository": repository, "model": model}
    mlflow.pyfunc.save_model(
        saved,
        python_model=sys.modules["__main__"].Model(),
        model_config=config,
        pip_requirements=[],
    )
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(saved)]
    options = ["--env-manager", "local", "--host", "127.0.0.1", "--port", port, "--workers", "1"]
    os.execv(sys.executable, [*command, *options])  # noqa: S606
