"""Models' files for tests: archives, and boosters in XGBoost's older forms."""

import io
import tarfile

import orjson
import xgboost
import yaml

from tests.support import boosters


def packed(*entries):
    """A gzipped archive: of each entry its name and its bytes, or a TarInfo."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                tar.addfile(entry)
                continue
            name, content = entry
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return raw.getvalue()


def special(name, kind, target=""):
    """An entry without content: a folder, a link or a device."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def as_json(*args, **kwargs):
    """The bytes of a booster as JSON."""
    return bytes(boosters.booster(*args, **kwargs).save_raw("json"))


def old_binary(*args, **kwargs):
    """The bytes of a booster as SageMaker's containers up to 1.7 wrote them."""
    with xgboost.config_context(verbosity=0):
        return bytes(boosters.booster(*args, **kwargs).save_raw("deprecated"))


def mlmodel(**flavors):
    """An MLmodel as MLflow 3.17 writes it, of these flavors and of its python_function."""
    python = {"loader_module": "mlflow.any", "data": "model.pkl", "env": {"conda": "conda.yaml"}}
    inputs = [{"type": "double", "name": name, "required": True} for name in ("a", "b", "c")]
    value = {
        "flavors": {"python_function": python, **flavors},
        "mlflow_version": "3.17.2",
        "signature": {"inputs": orjson.dumps(inputs).decode(), "params": None},
        "utc_time_created": "2026-11-28 00:23:29.005091",
    }
    return yaml.safe_dump(value).encode()
