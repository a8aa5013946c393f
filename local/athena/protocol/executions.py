"""All query executions of this process and how they change.

They live as long as this process; their results stay in S3. A state only moves forward, and
the first caller to end an execution decides how it ended.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from local.athena.errors import QueryFailed, RequestRefused
from local.athena.protocol.execution import Execution, Request

_MAX_KEPT = 10_000
_ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")


class Executions:
    """All executions, newest last; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: OrderedDict[str, Execution] = OrderedDict()
        self._by_token: dict[str, tuple[object, str]] = {}

    def submit(self, request: Request, *, token: str, asked: object) -> tuple[Execution, bool]:
        """The execution of a request and whether it is new; the same token gives the same one.

        Raises:
            RequestRefused: the token was used with something else than ``asked``.
        """
        with self._lock:
            if token in self._by_token:
                before, query_id = self._by_token[token]
                if before != asked:
                    raise RequestRefused("Idempotent parameters do not match")
                return self._all[query_id], False
            execution = Execution(request)
            self._all[execution.query_id] = execution
            if token:
                self._by_token[token] = (asked, execution.query_id)
            self._forget_old()
            return execution, True

    def get(self, query_id: str) -> Execution:
        """The execution of that id.

        Raises:
            RequestRefused: it does not exist.
        """
        with self._lock:
            if query_id not in self._all:
                raise RequestRefused(f"QueryExecution {query_id} was not found")
            return self._all[query_id]

    def find(self, query_id: str) -> Execution | None:
        """The execution of that id, None if it does not exist."""
        with self._lock:
            return self._all.get(query_id)

    def ids(self, workgroup: str) -> list[str]:
        """The ids of a workgroup's executions, newest first."""
        with self._lock:
            every = reversed(self._all.values())
            return [e.query_id for e in every if e.request.workgroup == workgroup]

    def start(self, execution: Execution, interrupt: Callable[[], None]) -> bool:
        """Go from QUEUED to RUNNING; false if it was cancelled in the queue."""
        with self._lock:
            if execution.state != "QUEUED":
                return False
            execution.state, execution.started = "RUNNING", time.time()
            execution.interrupt = interrupt
            return True

    def succeed(self, execution: Execution) -> None:
        """End it well, unless it has ended."""
        self._end(execution, "SUCCEEDED", "")

    def fail(self, execution: Execution, failure: QueryFailed) -> None:
        """End it with a reason, unless it has ended."""
        self._end(execution, "FAILED", str(failure), failure.athena_error())

    def cancel(self, execution: Execution, reason: str = "Query cancelled by user") -> None:
        """Stop it, unless it has ended."""
        interrupt = execution.interrupt
        if self._end(execution, "CANCELLED", reason) and interrupt:
            interrupt()

    def cancel_all(self, reason: str) -> None:
        """Stop everything that has not ended."""
        with self._lock:
            every = list(self._all.values())
        for execution in every:
            self.cancel(execution, reason)

    def _end(
        self,
        execution: Execution,
        state: str,
        reason: str,
        error: Mapping[str, object] | None = None,
    ) -> bool:
        with self._lock:
            if execution.state in _ENDED:
                return False
            execution.state, execution.reason, execution.athena_error = state, reason, error
            execution.completed, execution.interrupt = time.time(), None
            return True

    def _forget_old(self) -> None:
        while len(self._all) > _MAX_KEPT:
            forgotten, _ = self._all.popitem(last=False)
            self._by_token = {t: v for t, v in self._by_token.items() if v[1] != forgotten}
