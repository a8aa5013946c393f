"""The files that an address means: one, those of a folder, those that a pattern matches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pyarrow import fs

from larder.errors import ValidationError
from larder.tabular.failures import readable
from larder.tabular.files import ENDINGS, kind_inside, kind_of, unknown_kind
from larder.tabular.folders import folder_columns, is_hidden

Arrow = Any  # pyarrow is untyped
_MAGIC = frozenset("*?[")
_REMOTE = "s3://"
OpenRemote = Callable[[str], Arrow]
"""Gives the files of a bucket, by its name, as a filesystem of Arrow."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file: where its filesystem has it, and what its name and its folders tell."""

    path: str
    address: str
    kind: str
    size: int
    changed: int
    folders: Mapping[str, str | None]


def find_files(address: str, remote: OpenRemote) -> tuple[Arrow, list[Found]]:
    """The files that are not empty, in the order of their names, and their filesystem.

    Folders count from the one that the address names downwards; of a pattern, that is the last one
    before its first wildcard. Files and folders whose names begin with ``_`` or ``.`` are left out.

    Raises:
        ValidationError: nothing lies there, or a file's kind is unknown.
    """
    is_remote = address.startswith(_REMOTE)
    with readable(address):
        if is_remote:
            path = address.removeprefix(_REMOTE).rstrip("/")
            filesystem = remote(path.partition("/")[0])
        else:
            filesystem, path = fs.LocalFileSystem(), str(Path(address).expanduser().absolute())
        root, infos = _listed(filesystem, path, is_remote=is_remote)
        infos = sorted((each for each in infos if each.is_file), key=lambda each: each.path)
        prefix = _REMOTE if is_remote else ""
        if not infos:
            raise ValidationError(
                f"there is no file to read at {address}: files end in {ENDINGS}, each in upper or "
                "lower case"
            )
        return filesystem, list(_known(filesystem, root, infos, prefix))


def _known(filesystem: Arrow, root: str, infos: list[Arrow], prefix: str) -> Iterator[Found]:
    for info in infos:
        if not info.size:
            continue
        kind = kind_of(info.base_name) or kind_inside(filesystem, info.path)
        if kind is None:
            raise unknown_kind(prefix + info.path)
        below = info.path[len(root) + 1 :] if root else info.base_name
        changed = info.mtime_ns or 0
        folders = folder_columns(below)
        yield Found(info.path, prefix + info.path, kind, info.size, changed, folders)


def _listed(filesystem: Arrow, path: str, *, is_remote: bool) -> tuple[str, list[Arrow]]:
    """The folder from which names count, empty for a single file; and what lies there."""
    info = filesystem.get_file_info(path)
    if info.type == fs.FileType.Directory:
        found = filesystem.get_file_info(fs.FileSelector(path, recursive=True))
        return path, [each for each in found if not is_hidden(each.path[len(path) + 1 :])]
    if info.type != fs.FileType.NotFound:
        return "", [info]
    if not _MAGIC & set(path):
        raise FileNotFoundError(path)
    root = path[: min(path.index(each) for each in _MAGIC if each in path)].rpartition("/")[0]
    if is_remote:
        selector = fs.FileSelector(root, recursive=True, allow_not_found=True)
        found = [
            each
            for each in filesystem.get_file_info(selector)
            if PurePosixPath(each.path).match(path)
        ]
    else:
        names = sorted(map(str, Path(root or "/").glob(path[len(root) :].lstrip("/"))))
        found = list(filesystem.get_file_info(names))
    return root, [each for each in found if not is_hidden(each.path[len(root) + 1 :])]
