"""The runtimes of models, each made when a model asks for it: loading its library takes time."""

from __future__ import annotations

from dataclasses import dataclass, field

from larder.models.adapters.lightgbm_runtime import LightgbmRuntime
from larder.models.adapters.xgboost_runtime import XgboostRuntime
from larder.models.ports import ModelRuntime
from larder.models.served import Runtime


@dataclass(frozen=True, slots=True)
class NativeRuntimes:
    """Implements ``ModelRuntimes`` over the libraries that are installed."""

    _made: dict[Runtime, ModelRuntime] = field(default_factory=dict)

    def __getitem__(self, runtime: Runtime) -> ModelRuntime:
        """The runtime of that name, whose library is loaded with its first model."""
        made = self._made.get(runtime)
        if made is None:
            made = self._made[runtime] = _runtime(runtime)
        return made


def _runtime(runtime: Runtime) -> ModelRuntime:
    # imported where a model asks for it: numpy and onnxruntime take 100 ms
    match runtime:
        case Runtime.XGBOOST:
            return XgboostRuntime()
        case Runtime.LIGHTGBM:
            return LightgbmRuntime()
        case Runtime.ONNX:
            from larder.models.adapters.onnx_runtime import OnnxRuntime  # noqa: PLC0415

            return OnnxRuntime()
