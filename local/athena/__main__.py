"""``python -m local.athena``: runs the endpoint until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

from local.athena.protocol.server import AthenaServer
from local.athena.protocol.service import service
from local.athena.tables.cloud import Cloud


def main(argv: list[str] | None = None) -> int:
    """Serve until stopped; 2 if the environment or the port is unusable."""
    options = _options(argv)
    try:
        cloud = Cloud.from_env()
    except ValueError as error:
        sys.stderr.write(f"local.athena: {error}\n")
        return 2
    if cloud.ca_bundle:  # Arrow's S3 client asks OpenSSL, which reads this variable
        os.environ["SSL_CERT_FILE"] = cloud.ca_bundle
    with tempfile.TemporaryDirectory(prefix="larder-athena-") as spill:
        return _serve(cloud, options, Path(spill))


def _serve(cloud: Cloud, options: argparse.Namespace, spill: Path) -> int:
    address = (options.host, options.port)
    opened = service(
        cloud,
        address,
        memory_limit=options.memory_limit,
        spill_directory=spill,
        verify=options.verify_callers,
    )
    try:
        with opened as server:
            _stop_on_signals(server)
            sys.stdout.write(f"Athena on http://{options.host}:{server.server_port}\n")
            sys.stdout.flush()
            server.serve_forever()
    except OSError as error:
        sys.stderr.write(f"local.athena: cannot serve {options.host}:{options.port}: {error}\n")
        return 2
    return 0


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.athena", description=__doc__)
    parser.add_argument("--port", type=int, default=4570, help="0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument(
        "--memory-limit", default="2GB", help="of DuckDB, for each caller; beyond it spills"
    )
    parser.add_argument(
        "--verify-callers", action="store_true", help="check signatures and rights in the emulator"
    )
    return parser.parse_args(argv)


def _stop_on_signals(server: AthenaServer) -> None:
    """``shutdown`` waits for the serving loop, so it must not run in the loop's own thread."""

    def stop(*_: object) -> None:
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


if __name__ == "__main__":
    raise SystemExit(main())
