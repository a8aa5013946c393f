"""Athena's operations on query executions, from JSON document to JSON document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from local.athena.engine.engines import Engines
from local.athena.engine.session import Cells
from local.athena.errors import RequestRefused
from local.athena.fields import integer, mapping, page_start, string, strings
from local.athena.language.parsing import family
from local.athena.protocol.execution import Execution, Request
from local.athena.protocol.executions import Executions
from local.athena.protocol.runner import Runner
from local.athena.protocol.workgroups import WorkGroups
from local.athena.tables.cloud import Cloud

Document = Mapping[str, Any]
Operation = Callable[[Document, Cloud], dict[str, object]]
_PRIMARY = "primary"
_MAX_QUERY = 262_144
_MAX_ROWS = 1000
_MAX_IDS = 50


class Protocol:
    """The operations answered here; the emulator answers all others.

    Each takes the request's document and the cloud with the caller's credentials.
    """

    def __init__(
        self,
        executions: Executions,
        *,
        runner: Runner,
        workgroups: WorkGroups,
        engines: Engines,
    ) -> None:
        self._executions = executions
        self._runner = runner
        self._workgroups = workgroups
        self._engines = engines
        self.operations: Mapping[str, Operation] = {
            "StartQueryExecution": self._start,
            "StopQueryExecution": self._stop,
            "GetQueryExecution": self._get,
            "BatchGetQueryExecution": self._batch_get,
            "ListQueryExecutions": self._list,
            "GetQueryResults": self._results_page,
        }

    def workgroups(self, asked: Document) -> tuple[str, ...]:
        """The workgroups that a request is about, by their names or by executions of theirs."""
        ids = [asked.get("QueryExecutionId"), *(asked.get("QueryExecutionIds") or ())]
        found = {
            execution.request.workgroup
            for query_id in ids
            if isinstance(query_id, str) and (execution := self._executions.find(query_id))
        }
        named = asked.get("WorkGroup")
        return tuple(sorted(found)) or (named if isinstance(named, str) and named else _PRIMARY,)

    def _start(self, asked: Document, cloud: Cloud) -> dict[str, object]:
        sql = string(asked, "QueryString", longest=_MAX_QUERY)
        context = mapping(asked, "QueryExecutionContext")
        workgroup = string(asked, "WorkGroup", default=_PRIMARY)
        tools = self._engines.of(cloud)
        output = self._workgroups.output(workgroup, mapping(asked, "ResultConfiguration"))
        tools.results.require_bucket(output)
        request = Request(
            sql=sql,
            parameters=strings(asked, "ExecutionParameters"),
            context={key: string(context, key) for key in context},
            workgroup=workgroup,
            family=family(sql),
            output=output,
        )
        token = string(asked, "ClientRequestToken", default="")
        execution, is_new = self._executions.submit(request, token=token, asked=asked)
        if is_new:
            self._runner.submit(execution, tools)
        return {"QueryExecutionId": execution.query_id}

    def _stop(self, asked: Document, _cloud: Cloud) -> dict[str, object]:
        self._executions.cancel(self._execution(asked))
        return {}

    def _get(self, asked: Document, _cloud: Cloud) -> dict[str, object]:
        return {"QueryExecution": self._execution(asked).document()}

    def _batch_get(self, asked: Document, _cloud: Cloud) -> dict[str, object]:
        found, missing = [], []
        ids = strings(asked, "QueryExecutionIds")
        if not 1 <= len(ids) <= _MAX_IDS:
            raise RequestRefused(f"QueryExecutionIds has {len(ids)} members; give 1 to {_MAX_IDS}")
        for query_id in ids:
            try:
                found.append(self._executions.get(query_id).document())
            except RequestRefused as refused:
                missing.append(
                    {
                        "QueryExecutionId": query_id,
                        "ErrorCode": refused.code,
                        "ErrorMessage": str(refused),
                    }
                )
        return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}

    def _list(self, asked: Document, _cloud: Cloud) -> dict[str, object]:
        ids = self._executions.ids(string(asked, "WorkGroup", default=_PRIMARY))
        start = page_start(asked)
        end = start + integer(asked, "MaxResults", default=_MAX_IDS, least=1, most=_MAX_IDS)
        page: dict[str, object] = {"QueryExecutionIds": ids[start:end]}
        return page | ({"NextToken": str(end)} if end < len(ids) else {})

    def _results_page(self, asked: Document, cloud: Cloud) -> dict[str, object]:
        execution = self._execution(asked)
        if execution.state in ("QUEUED", "RUNNING"):
            message = f"Query has not yet finished. Current state: {execution.state}"
            raise RequestRefused(message, code="QUERY_NOT_FINISHED")
        if execution.state != "SUCCEEDED":
            raise RequestRefused(
                f"Query did not finish successfully. Final query state: {execution.state}",
                code="QUERY_FAILED",
            )
        rows: list[Cells] = []
        following: int | None = None
        if execution.columns:
            rows, following = self._engines.of(cloud).results.page(
                execution.location,
                start=page_start(asked),
                count=integer(asked, "MaxResults", default=_MAX_ROWS, least=1, most=_MAX_ROWS),
                is_csv=execution.header,
            )
        document: dict[str, object] = {
            "UpdateCount": execution.update_count,
            "ResultSet": {
                "Rows": [{"Data": [_datum(cell) for cell in row]} for row in rows],
                "ResultSetMetadata": {"ColumnInfo": [c.info() for c in execution.columns]},
            },
        }
        return document | ({"NextToken": str(following)} if following is not None else {})

    def _execution(self, asked: Document) -> Execution:
        return self._executions.get(string(asked, "QueryExecutionId"))


def _datum(cell: str | None) -> dict[str, str]:
    return {} if cell is None else {"VarCharValue": cell}
