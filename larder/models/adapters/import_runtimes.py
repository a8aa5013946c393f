"""The libraries that load a model at its import."""

from __future__ import annotations

from larder.models.adapters.xgboost_runtime import Booster, XgboostRuntime
from larder.models.errors import ModelError
from larder.models.ports import ModelRuntime
from larder.models.served import Runtime


class ImportRuntimes:
    """Implements ``larder.models.ports.ModelRuntimes``."""

    def __getitem__(self, runtime: Runtime) -> ModelRuntime:
        if runtime is Runtime.XGBOOST:
            return XgboostRuntime()
        raise ModelError(f"This release does not run {runtime} models yet: XGBoost alone.")


def xgboost_to_ubj(old: bytes) -> bytes:
    """A booster of XGBoost's old binary form in the form that every release reads.

    Raises:
        ModelError: XGBoost refused the file.
    """
    return Booster.read(old).ubj()
