"""Start the emulator with its gaps filled in; options are ministack's environment variables.

``LARDER_FUNCTION_PYTHON`` and ``LARDER_FUNCTION_NODE`` name the interpreters that Lambda functions
run on. ``LARDER_SPARK_PYTHON`` is that of Glue jobs, ``LARDER_JOB_LOGS`` the folder of their logs.
``LARDER_BATCH_WINDOW_LIMIT`` shortens batching windows (seconds). All are taken out of the
environment before anything starts, so that no function inherits them.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Any

from ministack import app

from local.emulator import (
    caches,
    custom_resources,
    forward_access,
    function_urls,
    functions,
    glue_access,
    glue_jobs,
    glue_tasks,
    http_api,
    log_subscriptions,
    map_states,
    networks,
    outputs,
    recovery,
    resources,
    signatures,
    snapshots,
    stream_access,
    streams,
    web_pages,
)


def main() -> None:
    """Fill the gaps and serve until SIGTERM, on which ministack saves its state."""
    python = os.environ.pop("LARDER_FUNCTION_PYTHON", sys.executable)
    node = os.environ.pop("LARDER_FUNCTION_NODE", "node")
    window_limit = float(os.environ.pop("LARDER_BATCH_WINDOW_LIMIT", "inf"))
    for parts in (resources, networks, outputs, caches):
        parts.install()
    functions.install(python, node)
    custom_resources.install()
    streams.install(window_limit)
    recovery.install()
    http_api.install()
    log_subscriptions.install()
    function_urls.install()
    glue_access.install()
    glue_jobs.install(glue_jobs.Tools.from_environment())
    for tasks in (glue_tasks, map_states):
        tasks.install()
    stream_access.install()
    if app.AUTH:
        signatures.install()
        forward_access.install()
    web_pages.install()
    snapshots.install()
    # A client that keeps its connection open would hold up the end, and the saving of state.
    asyncio.start_server = _with_short_goodbye(asyncio.start_server)
    # Under TLS ministack also takes port 443 where it can; two platforms would collide on it.
    app._port_is_bindable = lambda _host, _port: False
    app.main()


def _with_short_goodbye(start: Callable[..., Any]) -> Callable[..., Any]:
    def start_server(*args: Any, **kwargs: Any) -> Any:
        if kwargs.get("ssl"):
            kwargs.setdefault("ssl_shutdown_timeout", 1.0)
        return start(*args, **kwargs)

    return start_server


if __name__ == "__main__":
    main()
