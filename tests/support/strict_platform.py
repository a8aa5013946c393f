"""The platform that end-to-end and conformance tests run against: deployed, in strict mode.

``LARDER_E2E_REUSE=1`` takes the strict platform of this clone (started if need be) and leaves it
running: quicker while one writes a test.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local import commands
from local.layout import PORT_VARIABLES, Platform
from local.ports import free_port
from local.progress import Progress


@contextmanager
def strict_platform(root: Path) -> Iterator[tuple[Platform, dict[str, str]]]:
    """The running platform and its stacks' outputs, in a directory of its own and on free ports.

    Raises:
        LocalPlatformError: it did not come up.
    """
    if os.environ.get("LARDER_E2E_REUSE"):
        reused = Platform.from_environment(strict=True)
        yield reused, commands.up(reused, Progress())
        return
    fresh = Platform(
        root=root,
        environment_file=root / "env",
        ports={name: free_port() for name in PORT_VARIABLES},
        strict=True,
        batch_window_limit=2.0,
    )
    try:
        yield fresh, commands.up(fresh, Progress())
    finally:
        commands.down(fresh, Progress())
