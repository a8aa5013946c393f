"""Takes executions from the queue, runs them and records how they ended."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

import duckdb

from local.athena.engine.engine import Engine
from local.athena.engine.results import ResultFiles
from local.athena.engine.session import Answer, Order
from local.athena.errors import QueryFailed
from local.athena.interruption import interruptible
from local.athena.protocol.execution import Execution
from local.athena.protocol.executions import Executions

_STOPPED = "The local Athena was stopped"


class Runner:
    """Runs up to ``workers`` statements at a time, in the order they were submitted."""

    def __init__(
        self, engine: Engine, executions: Executions, results: ResultFiles, *, workers: int
    ) -> None:
        self._engine = engine
        self._executions = executions
        self._results = results
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="statement")

    def submit(self, execution: Execution) -> None:
        """Queue an execution; it ends in one of Athena's states whatever happens."""
        future = self._pool.submit(self._run, execution)
        future.add_done_callback(lambda done: self._fail_on_bug(execution, done))

    def close(self) -> None:
        """Cancel what waits or runs and give everything back."""
        self._executions.cancel_all(_STOPPED)
        self._pool.shutdown(wait=True)
        self._engine.close()

    def _run(self, execution: Execution) -> None:
        with closing(self._engine.cursor()) as cursor, interruptible(cursor) as interrupt:
            if self._executions.start(execution, interrupt):
                self._run_started(execution, cursor)

    def _run_started(self, execution: Execution, cursor: duckdb.DuckDBPyConnection) -> None:
        request = execution.request
        order = Order(
            query_id=execution.query_id,
            sql=request.sql,
            database=request.context.get("Database", "default").lower(),
            tables_location=request.output.tables(execution.query_id),
            location_enforced=request.output.enforced,
        )
        try:
            self._engine.run(
                order, request.parameters, cursor, lambda answer: self._deliver(execution, answer)
            )
        except QueryFailed as failure:
            self._executions.fail(execution, failure)
        except duckdb.InterruptException:
            self._executions.cancel(execution)
        self._finish(execution)

    def _deliver(self, execution: Execution, answer: Answer) -> None:
        output = execution.request.output
        if execution.request.family.substatement not in ("UNLOAD", "CREATE_TABLE_AS_SELECT"):
            self._results.write(execution.location, answer, output)
        if answer.files:
            execution.manifest = output.manifest(execution.query_id)
            listed = "".join(f"{file}\n" for file in answer.files)
            self._results.write_bytes(execution.manifest, listed.encode(), output)
        execution.columns, execution.header = answer.columns, answer.header
        execution.update_count = answer.update_count
        execution.bytes_scanned = answer.bytes_scanned()

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
