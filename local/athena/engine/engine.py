"""Runs statements: one DuckDB for the process, one cursor for each statement."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
from botocore.exceptions import ClientError

from local.athena.denials import denied_to_arrow, refused_by_cloud
from local.athena.engine import changes, commands, duck, queries, tables
from local.athena.engine.session import Answer, Order, Session
from local.athena.failures import as_athena
from local.athena.language import parameters
from local.athena.language.parsing import parse
from local.athena.language.statements import (
    Change,
    Command,
    CreateTableAs,
    Definition,
    Query,
    Statement,
    Unload,
)
from local.athena.tables import definitions
from local.athena.tables.catalog import Catalog
from local.athena.tables.cloud import Cloud


class Engine:
    """Athena's SQL over one emulator.

    ``memory_limit`` is DuckDB's for all statements together; beyond it they spill to files in
    ``spill_directory``.
    """

    def __init__(self, cloud: Cloud, *, memory_limit: str, spill_directory: Path) -> None:
        self._duck = duck.connect(cloud, memory_limit=memory_limit, spill_directory=spill_directory)
        self._catalog = Catalog(cloud)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor for one statement; the caller may interrupt it, and closes it."""
        cursor = self._duck.cursor()
        duck.measure(cursor)
        return cursor

    def run(
        self,
        order: Order,
        values: tuple[str, ...],
        cursor: duckdb.DuckDBPyConnection,
        deliver: Callable[[Answer], None],
    ) -> None:
        """Run a statement with its execution parameters and hand its answer to ``deliver``.

        The answer's rows may only be read inside ``deliver``.

        Raises:
            QueryFailed: the statement can't be run; the reason is Athena's.
            duckdb.InterruptException: somebody interrupted the cursor.
        """
        try:
            sql = parameters.bind(order.sql, values)
            session = Session(order, sql=sql, catalog=self._catalog, cursor=cursor)
            deliver(_answer(session, parse(sql), sql))
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            raise as_athena(error, order.sql) from None
        except ClientError as error:
            raise refused_by_cloud(error) from None
        except OSError as error:
            denied = denied_to_arrow(error)
            if denied is None:
                raise
            raise denied from None

    def close(self) -> None:
        """Give back DuckDB's memory and files."""
        self._duck.close()


def _answer(session: Session, statement: Statement, sql: str) -> Answer:
    match statement:
        case Query(tree):
            return queries.select(session, tree)
        case Unload():
            return queries.unload(session, statement)
        case CreateTableAs():
            return tables.create_table_as(session, statement)
        case Change():
            return changes.apply(session, statement.tree)
        case Definition(tree):
            return definitions.create_table(session, tree)
        case Command():
            return commands.run(session, statement, sql)
