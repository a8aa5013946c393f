"""The runtimes of models, each made when a model asks for it: loading its library takes time."""

from __future__ import annotations

from dataclasses import dataclass, field

from larder.models.adapters.xgboost_runtime import XgboostRuntime
from larder.models.errors import ModelError
from larder.models.ports import ModelRuntime
from larder.models.served import Runtime


@dataclass(frozen=True, slots=True)
class NativeRuntimes:
    """Implements ``ModelRuntimes`` over the libraries that are installed."""

    _made: dict[Runtime, ModelRuntime] = field(default_factory=dict)

    def __getitem__(self, runtime: Runtime) -> ModelRuntime:
        """The runtime of that name.

        Raises:
            ModelError: its library is not installed.
        """
        made = self._made.get(runtime)
        if made is None:
            made = self._made[runtime] = _runtime(runtime)
        return made


def _runtime(runtime: Runtime) -> ModelRuntime:
    # each imported where it is asked for: numpy and onnxruntime take 100 ms
    if runtime is Runtime.XGBOOST:
        return XgboostRuntime()
    raise ModelError(f"There is no runtime for {runtime} models in this release.", 500)
