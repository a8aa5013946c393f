"""A folder of definition files, each read by itself; what is wrong in any is said at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

from larder.declared.complaints import complaint
from larder.declared.yaml_lines import Located, UnreadableYaml, read_yaml
from larder.errors import ConfigurationError
from larder.problems import Problem, shown

SUFFIXES: Final = (".yaml", ".yml")
Value = TypeVar("Value")
Read = Callable[[Located, Path], Value | list[Problem]]
"""What a file in a folder defines, or what is wrong with it. It may spell the document out."""


@dataclass(frozen=True, slots=True)
class Defined(Generic[Value]):
    """One file, with what it defines."""

    file: str
    located: Located
    value: Value


def read_folder(
    directory: Path, read: Read[Value], names: Callable[[Value], Mapping[str, str]]
) -> list[Defined[Value]]:
    """What the files of a folder define, by file name; nothing where there is no such folder.

    ``names`` are those that no two files may share, by the member that says them.

    Raises:
        ConfigurationError: a line ``file:line: member: problem`` for everything that is wrong in
            any of the files.
    """
    if not directory.is_dir():
        return []
    paths = sorted(each for each in directory.iterdir() if each.suffix in SUFFIXES)
    found = [_read(path, f"{directory.name}/{path.name}", read) for path in paths]
    files = [each for each in found if isinstance(each, Defined)]
    complaints = [text for each in found if not isinstance(each, Defined) for text in each]
    complaints += _doubles(files, names)
    if complaints:
        raise ConfigurationError("\n".join(complaints))
    return files


def read_file(path: Path, read: Read[Value]) -> Value:
    """What one file defines.

    Raises:
        ConfigurationError: as of ``read_folder``; or there is no such file.
    """
    if not path.is_file():
        raise ConfigurationError(f"{path}: there is no such file")
    found = _read(path, path.name, read)
    if not isinstance(found, Defined):
        raise ConfigurationError("\n".join(found))
    return found.value


def _read(path: Path, file: str, read: Read[Value]) -> Defined[Value] | list[str]:
    """What a file defines, or what is wrong with it."""
    try:
        located = read_yaml(path.read_text(encoding="utf-8"))
    except UnreadableYaml as error:
        return [f"{file}:{error.line}: {error}"]
    except UnicodeDecodeError as error:
        return [f"{file}:1: the file is not UTF-8: {error}"]
    found = read(located, path.parent)
    if isinstance(found, list):
        return list(dict.fromkeys(complaint(file, located, each) for each in found))
    return Defined(file, located, found)


def _doubles(
    files: list[Defined[Value]], names: Callable[[Value], Mapping[str, str]]
) -> Iterator[str]:
    first: dict[tuple[str, str], str] = {}
    for each in files:
        for key in names(each.value).items():
            if key in first:
                text = f"Member must differ from that of {first[key]}"
                problem = Problem((key[0],), text, shown(key[1]))
                yield complaint(each.file, each.located, problem)
            first.setdefault(key, each.file)
