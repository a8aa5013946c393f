"""The statements Athena knows, each with the parts that running it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

Name = tuple[str, ...]
Properties = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Family:
    """Athena's ``StatementType`` and ``SubstatementType``."""

    statement: str
    substatement: str


@dataclass(frozen=True, slots=True)
class Query:
    """SELECT, WITH or VALUES."""

    tree: exp.Query


@dataclass(frozen=True, slots=True)
class Unload:
    """UNLOAD (query) TO 'location' WITH (properties)."""

    query: exp.Query
    location: str
    properties: Properties


@dataclass(frozen=True, slots=True)
class CreateTableAs:
    """CREATE TABLE name WITH (properties) AS query; ``with_data`` is false for WITH NO DATA."""

    table: Name
    query: exp.Query
    properties: Properties
    with_data: bool
    if_not_exists: bool


@dataclass(frozen=True, slots=True)
class Change:
    """INSERT, DELETE, UPDATE or MERGE."""

    tree: exp.Insert | exp.Delete | exp.Update | exp.Merge


@dataclass(frozen=True, slots=True)
class Definition:
    """Hive's CREATE TABLE without a query; sqlglot's tree."""

    tree: exp.Create


@dataclass(frozen=True, slots=True)
class Command:
    """DROP, CREATE DATABASE, ALTER TABLE, MSCK, OPTIMIZE, VACUUM, SHOW, DESCRIBE; read when run."""

    words: tuple[str, str]


Statement = Query | Unload | CreateTableAs | Change | Definition | Command
