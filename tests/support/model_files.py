"""Models' files for tests: archives, and boosters in XGBoost's older forms."""

import io
import tarfile

import xgboost

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
