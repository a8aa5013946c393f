"""Columns in the names of folders, as Hive, Spark and Athena lay out partitions."""

from __future__ import annotations

from urllib.parse import unquote

from larder.errors import ValidationError

_ABSENT = "__HIVE_DEFAULT_PARTITION__"


def folder_columns(path: str) -> dict[str, str | None]:
    """The values of the folders ``column=value`` on a file's path, from the outermost on.

    ``path`` begins below the folder that a caller named. Names and values are percent-decoded and
    stay texts: ``00701`` is no number.

    Raises:
        ValidationError: a column occurs twice, or a name is no Unicode.
    """
    found: dict[str, str | None] = {}
    for folder in path.split("/")[:-1]:
        name, sign, value = folder.partition("=")
        if not (name and sign):
            continue
        column = _decoded(name, path)
        if column in found:
            raise ValidationError(
                f"the folders of {path} give column {column!r} twice: rename one of them"
            )
        found[column] = None if value == _ABSENT else _decoded(value, path)
    return found


def is_hidden(path: str) -> bool:
    """Whether readers of such folders leave a file out: a part begins with ``_`` or ``.``.

    A folder ``_column=value`` is one of values.
    """
    *folders, name = path.split("/")
    odd = [each for each in folders if each.startswith(("_", ".")) and "=" not in each]
    return bool(odd) or name.startswith(("_", "."))


def _decoded(text: str, path: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise ValidationError(
            f"the folder {text!r} of {path} is no text in UTF-8: rename the folder"
        ) from error
