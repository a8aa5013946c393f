"""A model's archive, unpacked by rules that leave nothing to its author.

No name of the archive becomes a path: files are written under numbers, and what they are called is
kept beside. So nothing is written outside the given folder, whatever the names say.
"""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

from larder.errors import ValidationError

MAX_BYTES: Final = 512 * 2**20
MAX_FILES: Final = 64
_CHUNK: Final = 1 << 20
_ENTRY_BYTES: Final = 1 << 20
"""What the archive's own structure may take beside its files' bytes."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of a model: its name in the archive or the folder, and where its bytes are."""

    name: str
    path: Path

    @property
    def top_level(self) -> bool:
        """Whether it lies in no folder."""
        return "/" not in self.name


def unpacked(archive: Path, folder: Path, *, max_bytes: int = MAX_BYTES) -> list[ModelFile]:
    """The files of a gzipped tar archive, written into a folder; dotfiles are left out.

    Raises:
        ValidationError: it is no such archive, or it breaks a rule. Rules are against absolute
            names, ``..``, links, devices, and names that come twice. At most 512 MB unpacked and 64
            files are taken.
    """
    try:
        with archive.open("rb") as raw:
            bounded = _Bounded(raw, max_bytes)
            with tarfile.open(fileobj=cast("IO[bytes]", bounded), mode="r|") as tar:
                return list(_files(tar, folder))
    except (tarfile.TarError, EOFError, zlib.error, UnicodeError, OverflowError) as error:
        raise ValidationError(
            f"The model data are no gzipped tar archive that can be read ({error}): make one by "
            "tar -czf model.tar.gz FILE, or name a single file as ModelDataSource with "
            "S3DataType S3Object and CompressionType None."
        ) from error


def _files(tar: tarfile.TarFile, folder: Path) -> Iterator[ModelFile]:
    names: set[str] = set()
    for place, member in enumerate(tar):
        if place >= 4 * MAX_FILES:
            raise ValidationError(f"The archive has over {4 * MAX_FILES} entries: pack fewer.")
        name = _checked_name(member)
        if name is None:
            continue
        if name in names:
            raise ValidationError(f"The archive has two entries {name[:200]!r}: pack it again.")
        names.add(name)
        if len(names) > MAX_FILES:
            raise ValidationError(f"The archive has over {MAX_FILES} files: pack the model alone.")
        path = folder / str(place)
        content = tar.extractfile(member)
        if content is None:
            raise ValidationError(f"The archive's entry {name[:200]!r} has no content.")
        with content, path.open("wb") as file:
            while chunk := content.read(_CHUNK):
                file.write(chunk)
        yield ModelFile(name, path)


def _checked_name(member: tarfile.TarInfo) -> str | None:
    """The name of a file that counts; ``None`` of a folder and of a dotfile."""
    name = member.name
    if name.startswith(("/", "\\")) or "\0" in name:
        raise ValidationError(
            f"The archive's entry {name[:200]!r} has an absolute name: pack it with tar -C FOLDER ."
        )
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise ValidationError(f"The archive's entry {name[:200]!r} leads out of it by '..'.")
    if member.isdir():
        return None
    if not member.isreg() or member.issparse():
        raise ValidationError(
            f"The archive's entry {name[:200]!r} is a link, a device or sparse: pack plain files."
        )
    hidden = any(part.startswith(".") for part in parts)
    return None if hidden or not parts else "/".join(parts)


class _Bounded:
    """The bytes of a gzipped file, which raises beyond so many of them."""

    def __init__(self, raw: IO[bytes], most: int) -> None:
        self._raw = raw
        self._inflate = zlib.decompressobj(wbits=31)
        self._left = most + _ENTRY_BYTES
        self._most = most
        self._ahead = b""

    def read(self, size: int) -> bytes:
        """At most so many bytes; empty at the end.

        Raises:
            ValidationError: there are more than the limit.
        """
        while not self._ahead and not self._inflate.eof:
            waiting = self._inflate.unconsumed_tail or self._raw.read(_CHUNK)
            if not waiting:
                raise EOFError("it ends in the middle")
            self._ahead = self._inflate.decompress(waiting, _CHUNK)
        found, self._ahead = self._ahead[:size], self._ahead[size:]
        self._left -= len(found)
        if self._left < 0:
            raise ValidationError(
                f"The archive has over {self._most // 2**20} MB unpacked: a model has at most that."
            )
        return found
