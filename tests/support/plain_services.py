"""A plain platform with its services alone: nothing is deployed, signatures are not verified."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local import commands
from local.layout import PORT_VARIABLES, Platform
from local.ports import free_port
from local.progress import Progress
from tests.support.locks import install_tools


def plain_platform(root: Path, *, batch_window_limit: float = 3.0) -> Platform:
    """A plain platform in a directory of its own and on free ports, not started."""
    return Platform(
        root=root / "plain",
        environment_file=root / "env",
        ports={name: free_port() for name in PORT_VARIABLES},
        batch_window_limit=batch_window_limit,
    )


@contextmanager
def plain_services(root: Path, *, batch_window_limit: float = 3.0) -> Iterator[Platform]:
    """The running services, in a directory of their own and on free ports."""
    made = plain_platform(root, batch_window_limit=batch_window_limit)
    install_tools(made.tools)
    try:
        commands.start(made, Progress())
        yield made
    finally:
        commands.down(made, Progress())
