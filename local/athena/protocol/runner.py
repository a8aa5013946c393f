"""Takes executions from the queue, runs them and records how they ended."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

import duckdb

from local.athena.engine.engines import Tools
from local.athena.engine.results import ResultFiles
from local.athena.engine.session import Answer, Order
from local.athena.errors import QueryFailed
from local.athena.interruption import interruptible
from local.athena.protocol.execution import Execution
from local.athena.protocol.executions import Executions

_STOPPED = "The local Athena was stopped"


class Runner:
    """Runs up to ``workers`` statements at a time, in the order they were submitted."""

    def __init__(self, executions: Executions, *, workers: int) -> None:
        self._executions = executions
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="statement")

    def submit(self, execution: Execution, tools: Tools) -> None:
        """Queue an execution; it ends in one of Athena's states whatever happens."""
        future = self._pool.submit(self._run, execution, tools)
        future.add_done_callback(lambda done: self._fail_on_bug(execution, done))

    def close(self) -> None:
        """Cancel what waits or runs, and wait until it has ended."""
        self._executions.cancel_all(_STOPPED)
        self._pool.shutdown(wait=True)

    def _run(self, execution: Execution, tools: Tools) -> None:
        with closing(tools.engine.cursor()) as cursor, interruptible(cursor) as interrupt:
            if self._executions.start(execution, interrupt):
                self._run_started(execution, tools, cursor)

    def _run_started(
        self, execution: Execution, tools: Tools, cursor: duckdb.DuckDBPyConnection
    ) -> None:
        request = execution.request
        order = Order(
            query_id=execution.query_id,
            sql=request.sql,
            database=request.context.get("Database", "default").lower(),
            tables_location=request.output.tables(execution.query_id),
            location_enforced=request.output.enforced,
        )
        try:
            tools.engine.run(
                order,
                request.parameters,
                cursor,
                lambda answer: _deliver(execution, tools.results, answer),
            )
        except QueryFailed as failure:
            self._executions.fail(execution, failure)
        except duckdb.InterruptException:
            self._executions.cancel(execution)
        self._finish(execution)

    def _finish(self, execution: Execution) -> None:
        cutoff = execution.request.output.cutoff
        if cutoff and execution.bytes_scanned > cutoff:
            self._executions.cancel(execution, "Bytes scanned limit was exceeded")
        self._executions.succeed(execution)

    def _fail_on_bug(self, execution: Execution, done: Future[None]) -> None:
        """A fault of ours must not leave an execution RUNNING for ever."""
        fault = done.exception()
        if fault is not None:
            message = f"{type(fault).__name__}: {fault}"
            self._executions.fail(execution, QueryFailed("GENERIC_INTERNAL_ERROR", message))


def _deliver(execution: Execution, results: ResultFiles, answer: Answer) -> None:
    output = execution.request.output
    if execution.request.family.substatement not in ("UNLOAD", "CREATE_TABLE_AS_SELECT"):
        results.write(execution.location, answer, output)
    if answer.files:
        execution.manifest = output.manifest(execution.query_id)
        listed = "".join(f"{file}\n" for file in answer.files)
        results.write_bytes(execution.manifest, listed.encode(), output)
    execution.columns, execution.header = answer.columns, answer.header
    execution.update_count = answer.update_count
    execution.bytes_scanned = answer.bytes_scanned()
