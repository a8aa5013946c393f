"""Why a step of a state machine failed, in words."""

from __future__ import annotations

from collections.abc import Mapping

import orjson


def cause_of(error: Mapping[str, str]) -> str:
    """Lambda's text of an error, its class and message without the trace; or that of a Glue job.

    ``error`` is what Amazon States Language catches: ``Error`` and ``Cause``.
    """
    try:
        told = orjson.loads(error.get("Cause", ""))
        if "JobRunState" in told:
            return f"Glue job run {told['Id']} {told['JobRunState']}: {told.get('ErrorMessage')}"
        return f"{error['Error']}: {told['errorMessage']}"
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return f"{error['Error']}: {error.get('Cause', '')}"
