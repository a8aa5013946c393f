"""Columns in the names of folders, as Hive, Spark and Athena lay out partitions."""

from __future__ import annotations

from urllib.parse import unquote

_ABSENT = "__HIVE_DEFAULT_PARTITION__"


def folder_columns(path: str) -> dict[str, str | None]:
    """The values of the folders ``column=value`` on a file's path, from the outermost on.

    Names and values are percent-decoded and stay texts: ``00701`` is no number.
    """
    found: dict[str, str | None] = {}
    for folder in path.split("/")[:-1]:
        name, sign, value = folder.partition("=")
        if name and sign:
            found[unquote(name)] = None if value == _ABSENT else unquote(value)
    return found
