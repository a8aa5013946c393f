"""The endpoint's parts put together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.athena.engine.engine import Engine
from local.athena.engine.results import ResultFiles
from local.athena.protocol.executions import Executions
from local.athena.protocol.protocol import Protocol
from local.athena.protocol.runner import Runner
from local.athena.protocol.server import AthenaServer
from local.athena.protocol.workgroups import WorkGroups
from local.athena.tables.cloud import Cloud

_WORKERS = 4


@contextmanager
def service(
    cloud: Cloud, address: tuple[str, int], *, memory_limit: str, spill_directory: Path
) -> Iterator[AthenaServer]:
    """A server bound to ``address``, to be served by the caller; closed with all its parts.

    Raises:
        OSError: the address is taken.
    """
    engine = Engine(cloud, memory_limit=memory_limit, spill_directory=spill_directory)
    executions, results = Executions(), ResultFiles(cloud)
    runner = Runner(engine, executions, results, workers=_WORKERS)
    protocol = Protocol(executions, runner=runner, results=results, workgroups=WorkGroups(cloud))
    try:
        with AthenaServer(address, protocol, cloud) as server:
            yield server
    finally:
        runner.close()
