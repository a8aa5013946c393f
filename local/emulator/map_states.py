"""Distributed maps whose concurrency is a path, which ministack takes for unbounded.

Source: Amazon States Language, "Map state", ``MaxConcurrencyPath``.
"""

from typing import Any

from ministack.services import stepfunctions


def install() -> None:
    """Read the number where the path says."""
    run = stepfunctions._run_distributed_map

    def bounded(
        state: dict[str, Any], raw: Any, effective: Any, iterator: Any, execution: Any, context: Any
    ) -> Any:
        if "MaxConcurrencyPath" in state:
            path = state["MaxConcurrencyPath"]
            most = stepfunctions._resolve_path_or_ctx(path, effective, context)
            state = {**state, "MaxConcurrency": most}
        return run(state, raw, effective, iterator, execution, context)

    stepfunctions._run_distributed_map = bounded
