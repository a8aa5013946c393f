"""The endpoint's parts put together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.athena.cloud import Cloud
from local.athena.engine import Engine
from local.athena.executions import Executions
from local.athena.protocol import Protocol
from local.athena.results import ResultFiles
from local.athena.runner import Runner
from local.athena.server import AthenaServer
from local.athena.workgroups import WorkGroups

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
