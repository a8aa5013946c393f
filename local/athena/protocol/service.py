"""The endpoint's parts put together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.athena.engine.engines import Engines
from local.athena.protocol.callers import RootUser, VerifiedCallers
from local.athena.protocol.executions import Executions
from local.athena.protocol.protocol import Protocol
from local.athena.protocol.runner import Runner
from local.athena.protocol.server import AthenaServer
from local.athena.protocol.workgroups import WorkGroups
from local.athena.tables.cloud import Cloud

_WORKERS = 4


@contextmanager
def service(
    cloud: Cloud,
    address: tuple[str, int],
    *,
    memory_limit: str,
    spill_directory: Path,
    verify: bool = False,
) -> Iterator[AthenaServer]:
    """A server bound to ``address``, to be served by who enters it; closed with all its parts.

    ``verify`` has each request's signature and rights checked; without it everybody is the root
    user, whose credentials ``cloud`` has.

    Raises:
        OSError: the address is taken.
    """
    engines = Engines(memory_limit=memory_limit, spill_directory=spill_directory)
    callers = VerifiedCallers(cloud) if verify else RootUser(cloud)
    executions = Executions()
    runner = Runner(executions, workers=_WORKERS)
    protocol = Protocol(executions, runner=runner, workgroups=WorkGroups(cloud), engines=engines)
    try:
        with AthenaServer(address, protocol, callers, cloud) as server:
            engines.of(cloud)  # a fault of the installation shows now, not at the first statement
            yield server
    finally:
        runner.close()
        engines.close()
